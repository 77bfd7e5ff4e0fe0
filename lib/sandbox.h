/* sandbox - what a stage in the middle may still ask of the kernel.
 *
 * A pure filter reads, writes, waits and takes memory. After sandbox_enter()
 * all else (files, sockets, other programs) answers EPERM, so that a hole in
 * such a stage opens nothing.
 */
#ifndef MS_SANDBOX_H
#define MS_SANDBOX_H

/* For ever, for this process. A kernel without seccomp: warns and goes on.
 * Builds with sanitizers, which need more system calls: does nothing. */
void sandbox_enter(void);

#endif
