/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A thread that leaves all signals to the loop. */
#pragma once

#include <pthread.h>

/* 0 or -errno. */
int thread_start(void *(*run)(void *context), void *context, pthread_t *ret_thread);
