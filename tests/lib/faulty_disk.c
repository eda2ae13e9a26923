/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lib/faulty_disk.h"

#include "lib/unit.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <string.h>

struct faulty_open_file {
	sqlite3_file base;
	int opened; /* SQLITE_OPEN_* */
	sqlite3_file *real;
};

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	sqlite3_vfs *real;
	enum faulty_file file;
	int calls, from, failed;
	bool lasting, hang, hanging;
} disk = {
	.mutex = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER,
};

static struct faulty_open_file *of(sqlite3_file *file)
{
	return (struct faulty_open_file *)file;
}

static sqlite3_file *real(sqlite3_file *file)
{
	return of(file)->real;
}

static bool fails(sqlite3_file *file)
{
	int wanted = disk.file == FAULTY_LOG ? SQLITE_OPEN_WAL : SQLITE_OPEN_MAIN_DB;
	bool failing = false;

	pthread_mutex_lock(&disk.mutex);
	if (of(file)->opened & wanted) {
		disk.calls++;
		failing = disk.from > 0 &&
			  (disk.lasting ? disk.calls >= disk.from : disk.calls == disk.from);
		disk.failed += failing;
	}
	pthread_mutex_unlock(&disk.mutex);
	return failing;
}

static int on_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int on_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
	return real(file)->pMethods->xRead(real(file), bytes, length, offset);
}

static int on_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
	if (!fails(file))
		return real(file)->pMethods->xWrite(real(file), bytes, length, offset);
	if (!disk.lasting)
		real(file)->pMethods->xWrite(real(file), bytes, length / 2, offset);
	errno = EIO;
	return SQLITE_IOERR_WRITE;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	if (!fails(file))
		return real(file)->pMethods->xTruncate(real(file), size);
	errno = EIO;
	return SQLITE_IOERR_TRUNCATE;
}

static void hang(void)
{
	pthread_mutex_lock(&disk.mutex);
	disk.hanging = disk.hang;
	pthread_cond_broadcast(&disk.changed);
	while (disk.hang)
		pthread_cond_wait(&disk.changed, &disk.mutex);
	disk.hanging = false;
	pthread_mutex_unlock(&disk.mutex);
}

static int on_sync(sqlite3_file *file, int flags)
{
	if (of(file)->opened & SQLITE_OPEN_WAL)
		hang();
	if (!fails(file))
		return real(file)->pMethods->xSync(real(file), flags);
	errno = EIO;
	return SQLITE_IOERR_FSYNC;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real(file)->pMethods->xFileSize(real(file), size);
}

static int on_lock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xLock(real(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int on_check_lock(sqlite3_file *file, int *held)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), held);
}

static int on_control(sqlite3_file *file, int operation, void *argument)
{
	return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int on_sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int on_characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_lock,
	.xFileControl = on_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_characteristics,
};

static int on_open(
	sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	int result;

	(void)vfs;
	of(file)->real = (sqlite3_file *)(of(file) + 1);
	of(file)->opened = flags;
	result = disk.real->xOpen(disk.real, name, of(file)->real, flags, ret_flags);
	file->pMethods = of(file)->real->pMethods ? &methods : NULL;
	return result;
}

void faulty_disk_insert(void)
{
	static sqlite3_vfs vfs;

	if (disk.real)
		return;
	disk.real = sqlite3_vfs_find(NULL);
	vfs = *disk.real; /* all but xOpen is the real one's, which needs its own pAppData */
	vfs.zName = "faulty";
	vfs.szOsFile += (int)sizeof(struct faulty_open_file);
	vfs.xOpen = on_open;
	assert_int_equal(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

void faulty_disk_fail(enum faulty_file file, int from, bool lasting)
{
	pthread_mutex_lock(&disk.mutex);
	disk.file = file;
	disk.from = from;
	disk.lasting = lasting;
	disk.calls = 0;
	disk.failed = 0;
	pthread_mutex_unlock(&disk.mutex);
}

void faulty_disk_heal(void)
{
	pthread_mutex_lock(&disk.mutex);
	disk.from = 0;
	disk.hang = false;
	pthread_cond_broadcast(&disk.changed);
	pthread_mutex_unlock(&disk.mutex);
}

int faulty_disk_calls(void)
{
	int calls;

	pthread_mutex_lock(&disk.mutex);
	calls = disk.calls;
	pthread_mutex_unlock(&disk.mutex);
	return calls;
}

int faulty_disk_failures(void)
{
	int failed;

	pthread_mutex_lock(&disk.mutex);
	failed = disk.failed;
	pthread_mutex_unlock(&disk.mutex);
	return failed;
}

void faulty_disk_hang(void)
{
	pthread_mutex_lock(&disk.mutex);
	disk.hang = true;
	pthread_mutex_unlock(&disk.mutex);
}

void faulty_disk_wait(void)
{
	pthread_mutex_lock(&disk.mutex);
	while (!disk.hanging)
		pthread_cond_wait(&disk.changed, &disk.mutex);
	pthread_mutex_unlock(&disk.mutex);
}
