#include "sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#include "diag.h"

#ifdef MS_SANITIZED

void
sandbox_enter(void)
{
}

#else

static const int allowed[] = {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(close), SCMP_SYS(fstat),
    SCMP_SYS(newfstatat), SCMP_SYS(lseek),
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap),
    SCMP_SYS(mprotect), SCMP_SYS(madvise), SCMP_SYS(futex),
    /* time */
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
    /* the ways to end: exit, and raise for SIGPIPE and abort */
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(getpid),
    SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(getrandom)};

void
sandbox_enter(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int bad = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !bad && i < sizeof(allowed) / sizeof(*allowed); i++)
		bad = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!bad)
		bad = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	if (bad) {
		errno = -bad;
		diag_warn("runs without its sandbox: %m");
	}
}

#endif
