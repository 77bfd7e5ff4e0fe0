/* filename - a name for a file that nobody named.
 */
#ifndef MS_FILENAME_H
#define MS_FILENAME_H

#define FILENAME_ROOM 64

/* meshery-cluster-snapshot-YYYYMMDD-NN.yaml, of today and in the working
 * folder, with the first NN from 00 on that is not taken; NULL when many are. */
const char *filename_unused(char name[FILENAME_ROOM]);

#endif
