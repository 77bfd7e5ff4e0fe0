/* faulty - a disk that fails now and then, put before the C library's.
 *
 * Of the calls that write, read back or sync a file called *.db or *.db-wal,
 * one of FAULTY_EVERY fails, as with EIO or a full disk in turn, or writes a
 * part; none until the file FAULTY_WHILE exists, and none when it has gone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic unsigned calls, seed = 1;

static int
is_ours(int fd)
{
	char link[64], path[512];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	return strstr(path, ".db") && !strstr(path, ".db-shm") &&
	    !strstr(path, ".lock");
}

static int
fails(int fd)
{
	const char *every = getenv("FAULTY_EVERY"),
		   *flag = getenv("FAULTY_WHILE");
	int saved = errno;
	unsigned x;

	if (!every || !flag || !is_ours(fd) || access(flag, F_OK) < 0) {
		errno = saved;
		return 0;
	}
	x = (seed = seed * 1103515245u + 12345u) >> 16;
	errno = x & 1 ? EIO : ENOSPC;
	return x % (unsigned)atoi(every) == 0;
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);

	if (!real)
		real = dlsym(RTLD_NEXT, "pwrite64");
	if (!fails(fd))
		return real(fd, p, n, at);
	if (errno == ENOSPC && n > 1 && ++calls % 2)
		real(fd, p, n / 2, at); /* torn, and told as failed */
	errno = calls % 2 ? ENOSPC : EIO;
	return -1;
}

ssize_t
pread64(int fd, void *p, size_t n, off64_t at)
{
	static ssize_t (*real)(int, void *, size_t, off64_t);

	if (!real)
		real = dlsym(RTLD_NEXT, "pread64");
	if (!fails(fd))
		return real(fd, p, n, at);
	errno = EIO;
	return -1;
}

int
fdatasync(int fd)
{
	static int (*real)(int);

	if (!real)
		real = dlsym(RTLD_NEXT, "fdatasync");
	if (!fails(fd))
		return real(fd);
	errno = EIO;
	return -1;
}
