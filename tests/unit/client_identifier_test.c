/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forms of a device's id. The client is no library: its file is included as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../../tools/hostdevctl/identifier.c"

/* identifier.c needs these two of output.c, which would draw in the library */
void *output_must(void *memory)
{
	assert_non_null(memory);
	return memory;
}

char *output_format(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	assert_true(vasprintf(&text, format, arguments) >= 0);
	va_end(arguments);
	return text;
}

static const struct {
	const char *what;
	const char *text;
	const char *want;
} forms[] = {
	{"an id", "pci:0000:01:00.0", "pci:0000:01:00.0"},
	{"an id in upper case", "PCI:0000:0A:1F.7", "pci:0000:0a:1f.7"},
	{"an id with a short slot", "pci:0a:00.0", "pci:0000:0a:00.0"},
	{"an id of a port", "usb:1-2.1", "usb:1-2.1"},
	{"an id of a root hub", "usb:usb1", "usb:usb1"},
	{"an id of a vGPU", "vgpu:0000:41:00.4/558", "vgpu:0000:41:00.4/558"},
	{"one of several of its type", "vgpu:0000:3B:00.0/230.1", "vgpu:0000:3b:00.0/230.1"},
	{"a slot", "0000:01:00.0", "pci:0000:01:00.0"},
	{"a slot in upper case", "0000:AF:00.0", "pci:0000:af:00.0"},
	{"a long domain", "10000:e1:00.0", "pci:10000:e1:00.0"},
	{"a domain of 32 bits", "FFFFFFFF:00:00.0", "pci:ffffffff:00:00.0"},
	{"a short domain", "1:00:1f.6", "pci:0001:00:1f.6"},
	{"a short slot", "01:00.0", "pci:0000:01:00.0"},
	{"a shorter slot", "1:0.0", "pci:0000:01:00.0"},
	{"a port path", "1-2.1", "usb:1-2.1"},
	{"a deep port path", "12-1.2.3.4.5.6", "usb:12-1.2.3.4.5.6"},
	{"a port of the root hub", "2-14", "usb:2-14"},
	{"a root hub", "usb1", "usb:usb1"},
	{"a root hub in upper case", "USB12", "usb:usb12"},
	{"virsh's pci", "pci_0000_01_00_0", "pci:0000:01:00.0"},
	{"virsh's pci in upper case", "pci_0000_0A_1F_3", "pci:0000:0a:1f.3"},
	{"virsh's long domain", "pci_10000_e1_00_0", "pci:10000:e1:00.0"},
	{"virsh's usb", "usb_1_2_1", "usb:1-2.1"},
	{"virsh's usb, one port", "usb_3_2", "usb:3-2"},
	{"virsh's root hub", "usb_usb1", "usb:usb1"},
	/* what is none of these is the daemon's to judge */
	{"nothing", "", ""},
	{"a word", "printer", "printer"},
	{"an unknown kind", "dax:0.1", "dax:0.1"},
	{"a kind alone", "pci:", "pci:"},
	{"function 8", "01:00.8", "01:00.8"},
	{"device 20", "01:20.0", "01:20.0"},
	{"bus of three digits", "100:00.0", "100:00.0"},
	{"domain of nine digits", "100000000:01:00.0", "100000000:01:00.0"},
	{"no function", "0000:01:00", "0000:01:00"},
	{"more behind a slot", "0000:01:00.0x", "0000:01:00.0x"},
	{"a slot and a type without a kind", "0000:41:00.4/558", "0000:41:00.4/558"},
	{"no hex", "0000:g1:00.0", "0000:g1:00.0"},
	{"a sign", "+1:00.0", "+1:00.0"},
	{"a space", " 01:00.0", " 01:00.0"},
	{"a virsh name with a dot", "pci_0000_01_00.0", "pci_0000_01_00.0"},
	{"a path without a port", "1-", "1-"},
	{"a path that ends in a dot", "1-2.", "1-2."},
	{"a path with an empty port", "1-2..3", "1-2..3"},
	{"an interface", "1-2.1:1.0", "1-2.1:1.0"},
	{"a path of two buses", "1-2-3", "1-2-3"},
	{"usb alone", "usb", "usb"},
	{"usb and no number", "usbx", "usbx"},
	{"a port of four digits", "1-2000", "1-2000"},
};

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		char *got = identifier_resolve(forms[i].text);

		if (strcmp(got, forms[i].want) != 0)
			fail_msg("%s: %s became %s, not %s", forms[i].what, forms[i].text, got,
				forms[i].want);
		free(got);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
