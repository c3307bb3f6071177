// A disk that fails, between a process and its C library: once the file named by FAILING_WHEN exists, what FAILING_WHAT names gives EIO for files whose path contains
// FAILING_WHERE. Loaded with LD_PRELOAD by faultsDisk.test.ts.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(const char *what, int fd) {
  const char *when = getenv("FAILING_WHEN"), *where = getenv("FAILING_WHERE"), *which = getenv("FAILING_WHAT");
  if (!when || !where || !which || strcmp(what, which) || access(when, F_OK)) return 0;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  if (!strstr(path, where)) return 0;
  errno = EIO;
  return 1;
}
#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)

int fsync(int fd) { REAL(int, "fsync", int); return fails("sync", fd) ? -1 : real(fd); }
int fdatasync(int fd) { REAL(int, "fdatasync", int); return fails("sync", fd) ? -1 : real(fd); }
ssize_t read(int fd, void *b, size_t n) { REAL(ssize_t, "read", int, void *, size_t); return fails("read", fd) ? -1 : real(fd, b, n); }
ssize_t pread(int fd, void *b, size_t n, off_t o) { REAL(ssize_t, "pread", int, void *, size_t, off_t); return fails("read", fd) ? -1 : real(fd, b, n, o); }
ssize_t pread64(int fd, void *b, size_t n, off_t o) { REAL(ssize_t, "pread64", int, void *, size_t, off_t); return fails("read", fd) ? -1 : real(fd, b, n, o); }
void *mmap(void *a, size_t n, int p, int f, int fd, off_t o) {
  REAL(void *, "mmap", void *, size_t, int, int, int, off_t);
  return fd >= 0 && fails("read", fd) ? (void *)-1 : real(a, n, p, f, fd, o);
}
