/* A bad disk below one directory, loaded in front of the C library (LD_PRELOAD).
 *
 * Calls fail by a seeded plan: writes with EIO, ENOSPC or half of their bytes, syncs with EIO. Beside that it keeps what the
 * disk really holds: a page is safe only once a sync has succeeded after its last write, and a page whose sync failed is not
 * written by a later sync unless it is written to again, as Linux does it. A power cut takes back, page by page and by chance,
 * what is not safe, and ends the process.
 *
 *   CRESSET_DISK_DIR     the directory, without a slash at its end
 *   CRESSET_DISK_SEED    the plan
 *   CRESSET_DISK_FAULTS  one write in so many fails, and ten times as many of the syncs; 0 none
 *   CRESSET_DISK_CUT     the power goes after so many calls; 0 never
 *   CRESSET_DISK_FULL    while this file is there, nothing grows
 *   CRESSET_DISK_LOG     where a line of counts is added at the end
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define SECTOR 512
/* Syncs are few beside the writes: they fail so many times as often. */
#define SYNCS 10
#define FILES_MAX 64
#define PATH_BYTES 512

enum state { SAFE, DIRTY, FORSAKEN };

/* A page that a cut may take back, as the disk has it. */
struct page {
    off_t number;
    enum state state;
    unsigned char bytes[PAGE];
};

struct file {
    char path[PATH_BYTES];
    struct page *pages;
    size_t count, room;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES_MAX];
static size_t files_count;
static char directory[PATH_BYTES];
static const char *full_flag, *log_path;
static uint64_t chance, one_in, cut_after, calls;
static unsigned long writes, writes_failed, writes_short, writes_full, syncs, syncs_failed, commits, lost;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t);

static uint64_t number(const char *name) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    const char *path = getenv("CRESSET_DISK_DIR");
    if (path) snprintf(directory, sizeof directory, "%s/", path);
    full_flag = getenv("CRESSET_DISK_FULL");
    log_path = getenv("CRESSET_DISK_LOG");
    chance = number("CRESSET_DISK_SEED");
    one_in = number("CRESSET_DISK_FAULTS");
    cut_after = number("CRESSET_DISK_CUT");
}

/* SplitMix64. */
static uint64_t next(void) {
    uint64_t z = chance += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), behind = strlen(end);
    return length >= behind && !strcmp(text + length - behind, end);
}

/* The file behind a descriptor, if it is one of the directory whose bytes count. */
static struct file *file_of(int fd) {
    char link[64], path[PATH_BYTES];
    if (!directory[0]) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return NULL;
    path[length] = 0;
    if (strncmp(path, directory, strlen(directory))) return NULL;
    /* The index of the log lives in shared memory and is made anew after a crash; the lock is no data. */
    if (ends_with(path, "-shm") || ends_with(path, ".lock")) return NULL;
    for (size_t at = 0; at < files_count; at++)
        if (!strcmp(files[at].path, path)) return &files[at];
    if (files_count == FILES_MAX) return NULL;
    strcpy(files[files_count].path, path);
    return &files[files_count++];
}

static struct page *page_of(struct file *file, off_t number) {
    for (size_t at = file->count; at-- > 0;)
        if (file->pages[at].number == number) return &file->pages[at];
    return NULL;
}

/* Keeps what the disk has of the pages that a write is about to change. */
static void remember(struct file *file, int fd, off_t offset, size_t length) {
    if (length == 0) return;
    for (off_t number = offset / PAGE; number <= (offset + (off_t)length - 1) / PAGE; number++) {
        struct page *page = page_of(file, number);
        if (!page) {
            if (file->count == file->room) {
                file->room = file->room ? 2 * file->room : 64;
                file->pages = realloc(file->pages, file->room * sizeof *file->pages);
                if (!file->pages) abort();
            }
            page = &file->pages[file->count++];
            page->number = number;
            memset(page->bytes, 0, PAGE);
            if (syscall(SYS_pread64, fd, page->bytes, PAGE, number * PAGE) < 0) abort();
        }
        page->state = DIRTY;
    }
}

static void drop_pages(struct file *file, enum state state, off_t from) {
    size_t kept = 0;
    for (size_t at = 0; at < file->count; at++) {
        struct page *page = &file->pages[at];
        if (page->state == state && page->number >= from) continue;
        if (kept != at) file->pages[kept] = *page;
        kept++;
    }
    file->count = kept;
}

static void write_log(const char *end) {
    char line[256];
    if (!log_path) return;
    int length = snprintf(line, sizeof line,
        "{\"writes\":%lu,\"failed\":%lu,\"short\":%lu,\"full\":%lu,\"syncs\":%lu,\"syncs_failed\":%lu,"
        "\"commits\":%lu,\"lost\":%lu,\"end\":\"%s\"}\n",
        writes, writes_failed, writes_short, writes_full, syncs, syncs_failed, commits, lost, end);
    int fd = open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (fd < 0) return;
    if (real_write(fd, line, (size_t)length) != length) abort();
    close(fd);
}

__attribute__((destructor)) static void finish(void) {
    if (directory[0] && calls > 0) write_log("exit");
}

/* Takes back what is not safe: all of a page, its later sectors, or nothing. */
static void cut(void) {
    for (size_t at = 0; at < files_count; at++) {
        struct file *file = &files[at];
        int fd = open(file->path, O_WRONLY);
        if (fd < 0) continue;
        for (size_t index = 0; index < file->count; index++) {
            struct page *page = &file->pages[index];
            size_t kept = 0;
            if (page->state == DIRTY) {
                uint64_t fate = next() % 3;
                kept = fate == 0 ? PAGE : fate == 1 ? 0 : next() % (PAGE / SECTOR) * SECTOR;
            }
            if (kept == PAGE) continue;
            struct stat status;
            off_t place = page->number * PAGE + (off_t)kept;
            if (fstat(fd, &status) || place >= status.st_size) continue;
            size_t length = PAGE - kept;
            if (place + (off_t)length > status.st_size) length = (size_t)(status.st_size - place);
            if (real_pwrite(fd, page->bytes + kept, length, place) < 0) abort();
            lost++;
        }
        close(fd);
    }
    write_log("cut");
    _exit(137);
}

/* Counts a call on a file; whether it fails. */
static int falls(uint64_t times) {
    calls++;
    if (cut_after && calls >= cut_after) cut();
    return one_in && next() % one_in < times;
}

static ssize_t put(struct file *file, int fd, const void *bytes, size_t length, off_t offset, int at_offset) {
    struct stat status;
    writes++;
    if (full_flag && !access(full_flag, F_OK) && !fstat(fd, &status)
        && offset + (off_t)length > status.st_size) {
        writes_full++;
        errno = ENOSPC;
        return -1;
    }
    if (falls(1)) {
        uint64_t how = next() % 3;
        if (how < 2) {
            writes_failed++;
            errno = how ? ENOSPC : EIO;
            return -1;
        }
        writes_short++;
        length = length / 2;
    }
    remember(file, fd, offset, length);
    return at_offset ? real_pwrite(fd, bytes, length, offset) : real_write(fd, bytes, length);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    pthread_mutex_lock(&lock);
    struct file *file = file_of(fd);
    ssize_t done;
    if (file) {
        off_t offset = lseek(fd, 0, SEEK_CUR);
        done = put(file, fd, bytes, length, offset < 0 ? 0 : offset, 0);
        pthread_mutex_unlock(&lock);
    } else {
        pthread_mutex_unlock(&lock);
        done = real_write(fd, bytes, length);
    }
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
    pthread_mutex_lock(&lock);
    struct file *file = file_of(fd);
    ssize_t done;
    if (file) {
        done = put(file, fd, bytes, length, offset, 1);
        pthread_mutex_unlock(&lock);
    } else {
        pthread_mutex_unlock(&lock);
        done = real_pwrite(fd, bytes, length, offset);
    }
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return pwrite64(fd, bytes, length, offset);
}

static int settle(int fd, int (*real)(int)) {
    pthread_mutex_lock(&lock);
    struct file *file = file_of(fd);
    if (!file) {
        pthread_mutex_unlock(&lock);
        return real(fd);
    }
    syncs++;
    int failed = falls(SYNCS), done = -1;
    if (failed) {
        syncs_failed++;
        for (size_t at = 0; at < file->count; at++) file->pages[at].state = FORSAKEN;
        errno = EIO;
    } else if ((done = real(fd)) == 0) {
        drop_pages(file, DIRTY, 0);
        if (ends_with(file->path, "-wal")) commits++;
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int fsync(int fd) { return settle(fd, real_fsync); }

int fdatasync(int fd) { return settle(fd, real_fdatasync); }

int ftruncate64(int fd, off_t length) {
    pthread_mutex_lock(&lock);
    struct file *file = file_of(fd);
    int done = -1;
    if (file && falls(1)) {
        writes_failed++;
        errno = EIO;
    } else {
        done = real_ftruncate(fd, length);
        if (file && done == 0) {
            off_t from = (length + PAGE - 1) / PAGE;
            drop_pages(file, DIRTY, from);
            drop_pages(file, FORSAKEN, from);
        }
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
