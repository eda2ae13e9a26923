/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address of a PCI function: domain, bus, device and function. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest text form with its NUL: an eight-digit domain, as VMD and Hyper-V make them. */
#define ADDRESS_SIZE sizeof("ffffffff:ff:1f.7")

struct address {
	uint32_t domain;
	uint8_t bus;
	uint8_t device;	  /* 0 to 31 */
	uint8_t function; /* 0 to 7 */
};

/* Reads `0000:03:00.0`, `10000:e1:00.0` or, in domain 0, `03:00.0`; either case of letters. */
bool address_parse(const char *string, struct address *ret_address);

/* Writes the text form: at least four digits of domain, lower case. */
void address_format(struct address address, char ret_string[ADDRESS_SIZE]);

/* One number in the order of addresses. */
uint64_t address_order(struct address address);
