/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "io/socket/description.h"

const char description_of_service[] =
	"# What every Varlink service says about itself.\n"
	"interface org.varlink.service\n"
	"\n"
	"# Who this is, and the interfaces that it has.\n"
	"method GetInfo() -> (\n"
	"  vendor: string,\n"
	"  product: string,\n"
	"  version: string,\n"
	"  url: string,\n"
	"  interfaces: []string\n"
	")\n"
	"\n"
	"# The description of one of them, in Varlink's interface language.\n"
	"method GetInterfaceDescription(interface: string) -> (description: string)\n"
	"\n"
	"error InterfaceNotFound (interface: string)\n"
	"error MethodNotFound (method: string)\n"
	"error MethodNotImplemented (method: string)\n"
	"error InvalidParameter (parameter: string)\n"
	"error PermissionDenied ()\n"
	"error ExpectedMore ()\n";

__asm__(".pushsection .rodata\n"
	".global description_of_hostdevd\n"
	".type description_of_hostdevd, @object\n"
	"description_of_hostdevd:\n"
	".incbin \"include/org.hostdevd.varlink\"\n"
	".byte 0\n"
	".size description_of_hostdevd, . - description_of_hostdevd\n"
	".popsection\n");
