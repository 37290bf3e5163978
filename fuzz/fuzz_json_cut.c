/* fuzz/fuzz_json_cut.c - whatever is cut from sound JSON, wherever, gives sound JSON or nothing. */
#include <glib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_cut.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    struct fault fault = {0};
    json_auto_t *whole = json_read(text, size, &fault);
    for (size_t end = whole != NULL ? 0 : size; end <= size; end += 1 + size / 64) {
        size_t cut_size = 0;
        g_autofree char *cut = json_cut(text, end, SIZE_MAX, &cut_size);
        CHECK(cut == NULL || (cut_size <= end + 2 && cut[cut_size] == '\0'));
        json_auto_t *part = cut == NULL ? NULL : json_read(cut, cut_size, &fault);
        CHECK(whole == NULL || cut == NULL || part != NULL);
    }
    for (size_t nodes = 1; nodes < 64; nodes += nodes) {
        size_t cut_size = 0;
        g_autofree char *cut = json_cut(text, size, nodes, &cut_size);
        json_auto_t *part = cut == NULL ? NULL : json_read_up_to(cut, cut_size, nodes, &fault);
        CHECK(whole == NULL || cut == NULL || part != NULL);
    }
    size_t sound_size = 0;
    size_t broken = 0;
    g_autofree char *sound = json_without_broken(text, size, &sound_size, &broken);
    CHECK((sound == NULL) == (broken == 0));
    CHECK(whole == NULL || sound == NULL);
    return 0;
}
