/* stop - signals as a file descriptor, for the two ends of the pipe.
 *
 * The stages in the middle need none of this: they end at EOF, and SIGTERM may
 * end them as it always does.
 */
#ifndef MS_STOP_H
#define MS_STOP_H

/* Block SIGTERM, SIGINT, SIGHUP and SIGUSR1, and give a descriptor that
 * becomes readable when one arrives. Call before the first thread starts, so
 * that all threads inherit it. Dies (111) if it cannot. */
int stop_open(void);

/* The next signal that arrived: its number, or 0 if there is none. */
int stop_read(int fd);

#endif
