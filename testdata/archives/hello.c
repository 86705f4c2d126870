/*
 * hello is the only program in the images of this directory: it prints one
 * line, and, given verbs, makes the file system changes that the images'
 * layers are about. It needs no C library, so that it stays below 2 KB.
 *
 *   gcc -Os -static -nostdlib (the other flags stand in make.sh), amd64 Linux.
 *
 * Verbs follow one another, each with its own number of arguments:
 *
 *   hello mkdir /a put /a/b text mode /a/b 4755 time /a 1000000000
 */

typedef unsigned long word;

static long call(long number, word a, word b, word c, word d, word e) {
	long result;
	register word r10 __asm__("r10") = d;
	register word r8 __asm__("r8") = e;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return result;
}

enum { WRITE = 1, OPEN = 2, CLOSE = 3, EXIT = 60, MKDIR = 83, RMDIR = 84, LINK = 86,
       UNLINK = 87, SYMLINK = 88, CHMOD = 90, CHOWN = 92, MKNOD = 133, SETXATTR = 188,
       UTIMENSAT = 280 };

enum { O_WRONLY_CREAT = 0101, O_TRUNC = 01000, O_APPEND = 02000 };

static word length(const char *s) {
	word n = 0;
	while (s[n])
		n++;
	return n;
}

static word number(const char *s, word base) {
	word n = 0;
	for (; *s; s++)
		n = n * base + (word)(*s - '0');
	return n;
}

static int is(const char *a, const char *b) {
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static long say(long fd, const char *text) {
	call(WRITE, fd, (word)text, length(text), 0, 0);
	return call(WRITE, fd, (word)"\n", 1, 0, 0);
}

static long put(const char *path, const char *text, word flag) {
	long fd = call(OPEN, (word)path, O_WRONLY_CREAT | flag, 0644, 0, 0);
	if (fd < 0)
		return fd;
	say(fd, text);
	return call(CLOSE, fd, 0, 0, 0, 0);
}

static long set_time(const char *path, word seconds) {
	word times[4] = { seconds, 0, seconds, 0 };
	return call(UTIMENSAT, -100, (word)path, (word)times, 0x100, 0);
}

/* cap_net_bind_service+ep, as setcap writes it (VFS_CAP_REVISION_2). */
static const unsigned char capability[20] = { 1, 0, 0, 2, 0, 4 };

/* verb does what argv[0] says; arguments are words because system calls want them so. */
static long verb(char **argv) {
	const char *v = argv[0];
	word a = (word)argv[1], b = (word)argv[2], c = (word)argv[3];
	if (is(v, "say"))
		return say(1, (char *)a);
	if (is(v, "mkdir"))
		return call(MKDIR, a, 0755, 0, 0, 0);
	if (is(v, "rmdir"))
		return call(RMDIR, a, 0, 0, 0, 0);
	if (is(v, "rm"))
		return call(UNLINK, a, 0, 0, 0, 0);
	if (is(v, "fifo"))
		return call(MKNOD, a, 0010644, 0, 0, 0);
	if (is(v, "null")) /* the character device 1:3 */
		return call(MKNOD, a, 0020666, 0403, 0, 0);
	if (is(v, "cap"))
		return call(SETXATTR, a, (word) "security.capability", (word)capability, 20, 0);
	if (is(v, "put"))
		return put((char *)a, (char *)b, O_TRUNC);
	if (is(v, "add"))
		return put((char *)a, (char *)b, O_APPEND);
	if (is(v, "ln"))
		return call(LINK, a, b, 0, 0, 0);
	if (is(v, "sym"))
		return call(SYMLINK, a, b, 0, 0, 0);
	if (is(v, "mode"))
		return call(CHMOD, a, number((char *)b, 8), 0, 0, 0);
	if (is(v, "time"))
		return set_time((char *)a, number((char *)b, 10));
	if (is(v, "own"))
		return call(CHOWN, a, number((char *)b, 10), number((char *)c, 10), 0, 0);
	if (is(v, "attr"))
		return call(SETXATTR, a, b, c, length((char *)c), 0);
	return -22;
}

static int arguments(const char *v) {
	static const char one[][6] = { "say", "mkdir", "rmdir", "rm", "fifo", "null", "cap" };
	for (unsigned i = 0; i < sizeof one / sizeof *one; i++)
		if (is(v, one[i]))
			return 1;
	return is(v, "own") || is(v, "attr") ? 3 : 2;
}

__attribute__((used, noreturn)) static void run(word *stack) {
	int argc = (int)stack[0], i = 1;
	char **argv = (char **)(stack + 1);
	if (argc == 1)
		say(1, "Hello from a very small image.");
	while (i < argc) {
		int n = arguments(argv[i]);
		if (i + n >= argc || verb(argv + i) < 0) {
			say(2, argv[i]);
			call(EXIT, 1, 0, 0, 0, 0);
		}
		i += n + 1;
	}
	for (;;)
		call(EXIT, 0, 0, 0, 0, 0);
}

__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall run\n");
