#ifndef SOCKEYE_EXTENDED_ATTRIBUTES_H
#define SOCKEYE_EXTENDED_ATTRIBUTES_H

/* Extended attributes of files, which Swift's module of the C library leaves out. */
#include <sys/xattr.h>

#endif
