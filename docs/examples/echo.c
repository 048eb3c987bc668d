/* Sends every message back with its number.
 *
 *   cc -O2 -o /tmp/echo docs/examples/echo.c
 *   wsinetd --port 8080 /tmp/echo
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    char *line = NULL;
    size_t size = 0;
    unsigned long count = 0;

    /* Into a pipe, C's stdout keeps 4 KiB or more back. Line by line is what a client wants. */
    setvbuf(stdout, NULL, _IOLBF, 0);

    for (ssize_t length; (length = getline(&line, &size, stdin)) > 0;) {
        printf("%lu ", ++count);
        fwrite(line, 1, (size_t)length, stdout);
    }
    free(line);
    return ferror(stdin) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
