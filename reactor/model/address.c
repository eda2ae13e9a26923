/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/address.h"

#include "base/number.h"

#include <string.h>

bool address_parse(const char *string, struct address *ret_address)
{
	const char *dot = strrchr(string, '.');
	const char *device = dot ? memrchr(string, ':', (size_t)(dot - string)) : NULL;
	const char *bus = device ? memrchr(string, ':', (size_t)(device - string)) : NULL;
	uint64_t parts[4] = {0};

	if (!device)
		return false;
	if (bus) {
		size_t digits = (size_t)(bus - string);

		if (digits < 4 || !number_parse(string, digits, 16, UINT32_MAX, &parts[0]))
			return false;
	}
	bus = bus ? bus + 1 : string;
	if (device - bus != 2 || dot - device != 3 || strlen(dot) != 2)
		return false;
	if (!number_parse(bus, 2, 16, 0xff, &parts[1]) ||
		!number_parse(device + 1, 2, 16, 0x1f, &parts[2]) ||
		!number_parse(dot + 1, 1, 16, 7, &parts[3]))
		return false;
	*ret_address = (struct address){
		(uint32_t)parts[0], (uint8_t)parts[1], (uint8_t)parts[2], (uint8_t)parts[3]};
	return true;
}

/* In at least so many digits; printf takes four times as long, and this is asked a lot. */
static char *put_hex(char *at, uint32_t number, unsigned digits)
{
	while (digits < 8 && number >> (4 * digits) > 0)
		digits++;
	while (digits-- > 0)
		*at++ = "0123456789abcdef"[number >> (4 * digits) & 0xf];
	return at;
}

void address_format(struct address address, char ret_string[ADDRESS_SIZE])
{
	char *at = put_hex(ret_string, address.domain, 4);

	*at++ = ':';
	at = put_hex(at, address.bus, 2);
	*at++ = ':';
	at = put_hex(at, address.device & 0x1fu, 2);
	*at++ = '.';
	*at++ = (char)('0' + (address.function & 7u));
	*at = '\0';
}

uint64_t address_order(struct address address)
{
	return (uint64_t)address.domain << 16 | (uint64_t)address.bus << 8 |
	       (uint64_t)address.device << 3 | address.function;
}
