#include "filename.h"

#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#define TRIES 1024 /* as upstream */

const char *
filename_unused(char name[FILENAME_ROOM])
{
	char day[16];
	time_t now = time(NULL);
	struct tm today;
	struct stat unused;

	localtime_r(&now, &today);
	strftime(day, sizeof(day), "%Y%m%d", &today);
	for (int i = 0; i < TRIES; i++) {
		snprintf(name, FILENAME_ROOM,
		    "meshery-cluster-snapshot-%s-%02d.yaml", day, i);
		if (stat(name, &unused) < 0)
			return name;
	}
	return NULL;
}
