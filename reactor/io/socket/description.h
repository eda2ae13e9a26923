/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface descriptions, in Varlink's interface language. */
#pragma once

extern const char description_of_service[]; /* org.varlink.service */

/* org.hostdevd: include/org.hostdevd.varlink as it was when this was compiled. */
extern const char description_of_hostdevd[];
