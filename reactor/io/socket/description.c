/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface description, compiled in as it stands in its file. */
#include "io/socket/method.h"

__asm__(".pushsection .rodata\n"
	".global description_of_hostdevd\n"
	".type description_of_hostdevd, @object\n"
	"description_of_hostdevd:\n"
	".incbin \"include/org.hostdevd.varlink\"\n"
	".byte 0\n"
	".size description_of_hostdevd, . - description_of_hostdevd\n"
	".popsection\n");
