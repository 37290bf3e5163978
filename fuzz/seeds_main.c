/* fuzz/seeds_main.c - runs a fuzz target over every file of its seed folder, as a test. */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) folder = g_dir_open(argv[1], 0, &error);
    if (folder == NULL) {
        (void)fprintf(stderr, "%s\n", error->message);
        return 2;
    }
    int ran = 0;
    for (const char *name = g_dir_read_name(folder); name != NULL; name = g_dir_read_name(folder)) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        g_autofree char *bytes = NULL;
        gsize size = 0;
        if (!g_file_get_contents(path, &bytes, &size, &error)) {
            (void)fprintf(stderr, "%s\n", error->message);
            return 2;
        }
        (void)LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
        ran++;
    }
    (void)printf("%d seeds\n", ran);
    return ran > 0 ? 0 : 1; /* an empty folder tests nothing and says so */
}
