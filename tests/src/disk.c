/* A disk that forgets, or is full: loaded into the service before the C library (LD_PRELOAD), it stands between SQLite and its files.
 *
 * DISK_FILES is the path of a database: it and what begins with it (its write-ahead log) are watched, but not its shared memory.
 *
 * What was written and synchronised is kept apart in `<file>.durable`, which is what a power cut leaves: writes that were not
 * synchronised are in the file alone. Whoever cuts the power kills the process, then puts the durable files in the place of the others.
 *
 * While the file that DISK_FULL names exists, no watched file grows; now and then a write stops in the middle, as on a full disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES = 8, DESCRIPTORS = 4096, BLOCK = 65536 };

struct range { off_t from, to; };

/* A watched file: what was written to it since it was last synchronised. */
struct watched {
    char path[4096];
    struct range *dirty;
    size_t count, room;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct watched files[FILES];
static struct watched *by_descriptor[DESCRIPTORS];
static unsigned long writes;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

static void fail(const char *what) {
    fprintf(stderr, "disk: %s: %s\n", what, strerror(errno));
    abort();
}

static struct watched *watched_file(const char *path) {
    const char *prefix = getenv("DISK_FILES");
    if (!prefix || strncmp(path, prefix, strlen(prefix)) != 0) return NULL;
    const char *rest = path + strlen(prefix);
    if (*rest && strcmp(rest, "-wal") != 0 && strcmp(rest, "-journal") != 0) return NULL;
    for (int at = 0; at < FILES; at++) {
        if (!files[at].path[0]) snprintf(files[at].path, sizeof files[at].path, "%s", path);
        if (strcmp(files[at].path, path) == 0) return &files[at];
    }
    abort();
}

static int opened(int descriptor, const char *path) {
    if (descriptor >= 0 && descriptor < DESCRIPTORS) {
        pthread_mutex_lock(&lock);
        by_descriptor[descriptor] = watched_file(path);
        pthread_mutex_unlock(&lock);
    }
    return descriptor;
}

static struct watched *of(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS ? by_descriptor[descriptor] : NULL;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { MODE(flags) return opened(REAL(open)(path, flags, mode), path); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(REAL(open64)(path, flags, mode), path); }

int close(int descriptor) {
    pthread_mutex_lock(&lock);
    if (of(descriptor)) by_descriptor[descriptor] = NULL;
    pthread_mutex_unlock(&lock);
    return REAL(close)(descriptor);
}

static void remember(struct watched *file, off_t from, off_t to) {
    if (file->count > 0 && file->dirty[file->count - 1].to == from) {
        file->dirty[file->count - 1].to = to;
        return;
    }
    if (file->count == file->room) {
        file->room = file->room ? 2 * file->room : 64;
        file->dirty = realloc(file->dirty, file->room * sizeof *file->dirty);
        if (!file->dirty) abort();
    }
    file->dirty[file->count++] = (struct range){ from, to };
}

/* How much of a write there is room for: all of it, or less on a full disk; -1 where there is none. */
static ssize_t room_for(int descriptor, off_t from, size_t length) {
    const char *full = getenv("DISK_FULL");
    struct stat now;
    if (!full || access(full, F_OK) != 0 || fstat(descriptor, &now) != 0) return (ssize_t)length;
    if (from + (off_t)length <= now.st_size) return (ssize_t)length;
    if (++writes % 2 == 0 && length > 1) return (ssize_t)(length / 2);
    errno = ENOSPC;
    return -1;
}

/* Writes to a watched file, at its position where `at` is negative. */
static ssize_t keep(int descriptor, const void *bytes, size_t length, off_t at) {
    pthread_mutex_lock(&lock);
    struct watched *file = of(descriptor);
    off_t from = at >= 0 || !file ? at : lseek(descriptor, 0, SEEK_CUR);
    ssize_t room = file ? room_for(descriptor, from, length) : (ssize_t)length;
    ssize_t done = room < 0 ? room
        : at < 0 ? REAL(write)(descriptor, bytes, (size_t)room)
        : REAL(pwrite)(descriptor, bytes, (size_t)room, at);
    if (file && done > 0) remember(file, from, from + done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    return of(descriptor) ? keep(descriptor, bytes, length, -1) : REAL(write)(descriptor, bytes, length);
}
ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t at) { return keep(descriptor, bytes, length, at); }
ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t at) { return keep(descriptor, bytes, length, at); }

static void copy(int from, int to, struct range part) {
    static char block[BLOCK];
    while (part.from < part.to) {
        size_t wanted = part.to - part.from < BLOCK ? (size_t)(part.to - part.from) : BLOCK;
        ssize_t length = REAL(pread)(from, block, wanted, part.from);
        if (length < 0) fail("a file cannot be read");
        if (length == 0) return; /* cut off since */
        if (REAL(pwrite)(to, block, (size_t)length, part.from) != length) fail("what is durable cannot be kept");
        part.from += length;
    }
}

static int synchronise(int descriptor) {
    pthread_mutex_lock(&lock);
    struct watched *file = of(descriptor);
    if (file) {
        char path[4200];
        struct stat now;
        snprintf(path, sizeof path, "%s.durable", file->path);
        int durable = REAL(open)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        int current = REAL(open)(file->path, O_RDONLY | O_CLOEXEC);
        if (durable < 0 || current < 0 || fstat(current, &now) != 0) fail("what is durable cannot be kept");
        for (size_t at = 0; at < file->count; at++) copy(current, durable, file->dirty[at]);
        if (REAL(ftruncate)(durable, now.st_size) != 0) fail("what is durable cannot be cut");
        REAL(close)(durable);
        REAL(close)(current);
        file->count = 0;
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int descriptor) { return synchronise(descriptor); }
int fdatasync(int descriptor) { return synchronise(descriptor); }

int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    struct watched *file = watched_file(path);
    if (file) {
        char durable[4200];
        snprintf(durable, sizeof durable, "%s.durable", path);
        REAL(unlink)(durable);
        file->count = 0;
    }
    pthread_mutex_unlock(&lock);
    return REAL(unlink)(path);
}
