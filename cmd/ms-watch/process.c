#define _GNU_SOURCE /* pipe2 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diag.h"

#define LOOK 50 /* ms between looks at whether it has exited */
#define LINGER 1000 /* ms for what its children may still print */

extern char **environ;

/* ---- starting ---- */

static bool
is_overridden(const char *pair, const struct opts_list *env)
{
	size_t n = strcspn(pair, "=");

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->item[i], pair, n) == 0 &&
		    env->item[i][n] == '=')
			return true;
	return false;
}

/* The caller's to free; the texts are borrowed. */
static char **
make_environment(const struct opts_list *env)
{
	size_t n = 0, at = 0;
	char **out;

	while (environ[n])
		n++;
	out = diag_alloc(NULL, (n + env->n + 1) * sizeof(*out));
	for (size_t i = 0; i < n; i++)
		if (!is_overridden(environ[i], env))
			out[at++] = environ[i];
	for (size_t i = 0; i < env->n; i++)
		out[at++] = env->item[i];
	out[at] = NULL;
	return out;
}

static char **
make_arguments(const char *command, const struct opts_list *args)
{
	char **out = diag_alloc(NULL, (args->n + 2) * sizeof(*out));

	out[0] = (char *)(uintptr_t)command;
	for (size_t i = 0; i < args->n; i++)
		out[i + 1] = args->item[i];
	out[args->n + 1] = NULL;
	return out;
}

/* Signals as a fresh program expects them, and a group of its own to kill. */
static void
set_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(attr);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setflags(attr,
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
		POSIX_SPAWN_SETPGROUP);
}

static int
spawn(struct process *p, const char *command, const struct opts_list *args,
    const struct opts_list *env, int out)
{
	char **argv = make_arguments(command, args);
	char **envp = make_environment(env);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int code;

	set_attributes(&attr);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	code = posix_spawnp(&p->pid, command, &actions, &attr, argv, envp);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	free(argv);
	free(envp);
	return code;
}

int
process_start(struct process *p, const char *command,
    const struct opts_list *args, const struct opts_list *env, int64_t until)
{
	int fd[2], code;

	*p = (struct process){.fd = -1, .until = until};
	/* Whoever starts us may have it ignored, which lasts over exec: the
	 * kernel would then keep from us that a child has ended. */
	signal(SIGCHLD, SIG_DFL);
	if (pipe2(fd, O_CLOEXEC) < 0)
		return errno;
	code = spawn(p, command, args, env, fd[1]);
	close(fd[1]);
	if (code != 0) {
		close(fd[0]);
		p->pid = 0;
		return code;
	}
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	p->fd = fd[0];
	return 0;
}

/* ---- running ---- */

static void
kill_all(struct process *p)
{
	kill(-p->pid, SIGKILL);
	if (!p->exited_at)
		kill(p->pid, SIGKILL); /* before it had a group */
}

static void
close_output(struct process *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

static void
read_output(struct process *p)
{
	ssize_t n;

	while (p->fd >= 0) {
		n = read(p->fd, json_room(&p->out, 65536), 65536);
		if (n > 0)
			p->out.len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && errno == EAGAIN)
			return;
		else
			close_output(p);
		if (p->out.len > PROCESS_OUTPUT && !p->is_long) {
			p->is_long = true;
			kill_all(p);
			close_output(p);
		}
	}
}

bool
process_turn(struct process *p, int64_t now)
{
	if (!p->pid)
		return false;
	read_output(p);
	if (!p->exited_at && waitpid(p->pid, &p->status, WNOHANG) == p->pid)
		p->exited_at = now;
	if (p->exited_at && now - p->exited_at >= LINGER)
		close_output(p);
	if (p->exited_at && p->fd < 0) {
		p->pid = 0;
		return true;
	}
	if (now >= p->until && !p->is_late) {
		p->is_late = true;
		kill_all(p);
		close_output(p);
	}
	return false;
}

int64_t
process_due(const struct process *p, int64_t now)
{
	return p->pid ? now + LOOK : INT64_MAX;
}

void
process_end(struct process *p)
{
	close_output(p);
	if (p->pid && !p->exited_at) {
		kill_all(p);
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	p->pid = 0;
	json_release(&p->out);
}
