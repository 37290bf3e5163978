/* The two ways in which a composed message is written out: plain text and HTML. */
#include "alert/signal.h"
#include "channel/catalogue.h"
#include "channel/render.h"
#include "channel/text.h"
#include "http/html.h"

static const struct block *block_at(const struct rendered *rendered, guint index)
{
    return index < rendered->blocks->len ? g_ptr_array_index(rendered->blocks, index) : NULL;
}

/* Facts and items stand together; everything else has an empty line in front. */
static bool is_joined(const struct block *before, const struct block *block)
{
    return before != NULL && before->kind == block->kind &&
           (block->kind == BLOCK_FACT || block->kind == BLOCK_ITEM || block->kind == BLOCK_TEXT);
}

static void write_text_block(GString *out, const struct block *block)
{
    switch ((enum block_kind)block->kind) {
    case BLOCK_FACT:
        g_string_append_printf(out, "%s: %s\n", block->label, block->text);
        break;
    case BLOCK_ITEM:
        g_string_append_printf(out, "- %s\n", block->text);
        break;
    case BLOCK_ACTION:
    case BLOCK_LINK:
        g_string_append_printf(out, "%s:\n%s\n", block->label, block->text);
        break;
    case BLOCK_TITLE:
    case BLOCK_PARAGRAPH:
    case BLOCK_TEXT:
    case BLOCK_REMARK:
    case BLOCK_NOTE:
        g_string_append_printf(out, "%s\n", block->text);
        break;
    }
}

char *rendered_text(const struct rendered *rendered)
{
    GString *out = g_string_new(NULL);
    const struct block *before = NULL;
    for (guint i = 0; i < rendered->blocks->len; i++) {
        const struct block *block = block_at(rendered, i);
        if (before != NULL && !is_joined(before, block)) {
            g_string_append_c(out, '\n');
        }
        write_text_block(out, block);
        before = block;
    }
    return g_string_free(out, FALSE);
}

/* Every tag is written here and nowhere else, so an unescaped text has no way in. */
static void tag(GString *out, const char *open, const char *text, const char *close)
{
    g_string_append(out, open);
    html_escape(out, text);
    g_string_append(out, close);
}

static void write_link(GString *out, const struct block *block, const char *style)
{
    g_string_append(out, "<p><a href=\"");
    html_escape(out, block->text);
    g_string_append_printf(out, "\"%s>", style);
    html_escape(out, block->label);
    g_string_append(out, "</a></p>\n");
}

static void write_html_block(GString *out, const struct block *block)
{
    static const char BUTTON[] = " style=\"display:inline-block;padding:12px 20px;"
                                 "background:#1f4f8f;color:#ffffff;text-decoration:none;"
                                 "border-radius:6px;font-weight:bold\"";
    switch ((enum block_kind)block->kind) {
    case BLOCK_FACT:
        tag(out, "<tr><th align=\"left\" valign=\"top\" style=\"padding:2px 16px 2px 0\">",
            block->label, "</th>");
        tag(out, "<td>", block->text, "</td></tr>\n");
        break;
    case BLOCK_ITEM:
        tag(out, "<li>", block->text, "</li>\n");
        break;
    case BLOCK_ACTION:
        write_link(out, block, BUTTON);
        break;
    case BLOCK_LINK:
        write_link(out, block, "");
        break;
    case BLOCK_TITLE:
        tag(out, "<h1 style=\"font-size:20px\">", block->text, "</h1>\n");
        break;
    case BLOCK_PARAGRAPH:
        tag(out, "<p>", block->text, "</p>\n");
        break;
    case BLOCK_TEXT:
        tag(out, "<p style=\"margin:0\">", block->text, "</p>\n");
        break;
    case BLOCK_REMARK:
    case BLOCK_NOTE:
        tag(out, "<p style=\"color:#555555;font-size:13px\">", block->text, "</p>\n");
        break;
    }
}

static const char *group_open(int kind)
{
    return kind == BLOCK_FACT   ? "<table role=\"presentation\">\n"
           : kind == BLOCK_ITEM ? "<ul>\n"
                                : "";
}

static const char *group_close(int kind)
{
    return kind == BLOCK_FACT ? "</table>\n" : kind == BLOCK_ITEM ? "</ul>\n" : "";
}

char *rendered_html(const struct rendered *rendered)
{
    GString *out = g_string_new("<!DOCTYPE html>\n");
    g_string_append_printf(out, "<html lang=\"%s\"><head><meta charset=\"utf-8\">",
                           catalogue_tag(rendered->language));
    tag(out, "<title>", rendered->subject, "</title></head>\n");
    g_string_append(out,
                    "<body style=\"font-family:sans-serif;font-size:15px;line-height:1.5\">\n");
    for (guint i = 0; i < rendered->blocks->len; i++) {
        const struct block *block = block_at(rendered, i);
        const struct block *after = block_at(rendered, i + 1);
        const struct block *before = i > 0 ? block_at(rendered, i - 1) : NULL;
        if (before == NULL || before->kind != block->kind) {
            g_string_append(out, group_open(block->kind));
        }
        write_html_block(out, block);
        if (after == NULL || after->kind != block->kind) {
            g_string_append(out, group_close(block->kind));
        }
    }
    g_string_append(out, "</body></html>\n");
    return g_string_free(out, FALSE);
}
