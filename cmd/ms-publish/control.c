#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "diag.h"
#include "ration.h"

int
control_open(const char *path)
{
	struct stat st;
	int fd;

	if (!path)
		return -1;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		diag_die(EXIT_PERMANENT, "unable to open %s: %m", path);
	if (fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
		diag_die(EXIT_PERMANENT, "%s is no FIFO", path);
	return fd;
}

/* One write of at most PIPE_BUF bytes, or other writers' lines get between. */
void
control_forward(int fd, const struct record *request)
{
	static struct ration dropped = {.more = "more requests are dropped"};
	char line[4096];
	size_t n = request->line.n;

	if (fd < 0)
		return;
	if (n >= sizeof(line)) {
		ration_warn(&dropped,
		    "a request of %zu bytes is dropped: too long", n);
		return;
	}
	memcpy(line, request->line.p, n);
	line[n++] = '\n';
	if (write(fd, line, n) >= 0)
		return;
	if (errno == EAGAIN)
		ration_warn(&dropped,
		    "a request is dropped: nobody reads the control FIFO");
	else
		ration_warn(&dropped,
		    "a request is dropped: unable to write to the control "
		    "FIFO: %m");
}
