/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens without anybody asking for it: lives end, and devices come back elsewhere. */
#pragma once

#include "claims/state.h"

/*
 * A connection is closed: its waiting requests leave their queues (answered, `abandoned`), and the
 * lives tied to it end.
 */
void ending_connection(struct claims *claims, uint64_t connection);

/* A process has ended, or is not what it was at the start. */
void ending_process(struct claims *claims, const struct process *process);

/* Makes operations of what is marked: lives that are over, devices that moved. */
void ending_decide(struct claims *claims, int64_t now);
