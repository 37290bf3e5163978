#include "db/standby_names.h"

#include <glib.h>
#include <string.h>

enum { COUNT_MAX = 10000 };

enum token_kind { TOKEN_END = 1, TOKEN_BAD, TOKEN_NAME, TOKEN_NUMBER, TOKEN_MARK };

struct token {
    enum token_kind kind;
    const char *text; /* in what is read; a TOKEN_MARK is its one character */
    size_t length;
};

static bool is_name_start(char c)
{
    return g_ascii_isalpha(c) || c == '_' || ((unsigned char)c & 0x80) != 0;
}

static bool is_name_rest(char c)
{
    return is_name_start(c) || g_ascii_isdigit(c) || c == '$';
}

/* The length of a name in quotation marks, in which two of them stand for one; 0 when it does not end. */
static size_t quoted_length(const char *text)
{
    size_t at = 1;
    while (text[at] != '\0' && (text[at] != '"' || text[at + 1] == '"')) {
        at += text[at] == '"' ? 2 : 1;
    }
    return text[at] == '"' ? at + 1 : 0;
}

static struct token next(const char **at)
{
    *at += strspn(*at, " \t\n\r\f\v");
    struct token token = {.kind = TOKEN_BAD, .text = *at, .length = 1};
    char c = **at;
    if (c == '\0') {
        token = (struct token){.kind = TOKEN_END, .text = *at};
    } else if (c == '"') {
        token.length = quoted_length(*at);
        token.kind = token.length > 0 ? TOKEN_NAME : TOKEN_BAD;
    } else if (c == '*') {
        token.kind = TOKEN_NAME;
    } else if (c == ',' || c == '(' || c == ')') {
        token.kind = TOKEN_MARK;
    } else if (g_ascii_isdigit(c)) {
        token.kind = TOKEN_NUMBER;
        token.length = strspn(*at, "0123456789");
    } else if (is_name_start(c)) {
        token.kind = TOKEN_NAME;
        while (is_name_rest(token.text[token.length])) {
            token.length++;
        }
    }
    *at += token.length;
    return token;
}

static bool is_mark(const struct token *token, char mark)
{
    return token->kind == TOKEN_MARK && *token->text == mark;
}

static bool is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_NAME && token->length == strlen(word) &&
           g_ascii_strncasecmp(token->text, word, token->length) == 0;
}

static bool is_keyword(const struct token *token)
{
    return is_word(token, "ANY") || is_word(token, "FIRST");
}

/* "a, b": from `token` on, which is the first name, up to what follows the list. A number may be a name. */
static bool take_list(struct token *token, const char **at)
{
    for (;;) {
        if ((token->kind != TOKEN_NAME && token->kind != TOKEN_NUMBER) || is_keyword(token)) {
            return false;
        }
        *token = next(at);
        if (!is_mark(token, ',')) {
            return true;
        }
        *token = next(at);
    }
}

/* "2 (a, b)" */
static bool take_counted(struct token *token, const char **at, int *out_required)
{
    int64_t count = token->kind == TOKEN_NUMBER ? g_ascii_strtoll(token->text, NULL, 10) : 0;
    struct token open = next(at);
    if (count < 1 || count > COUNT_MAX || !is_mark(&open, '(')) {
        return false;
    }
    *out_required = (int)count;
    *token = next(at);
    if (!take_list(token, at) || !is_mark(token, ')')) {
        return false;
    }
    *token = next(at);
    return true;
}

/* Whether a number begins a list of names or says how many: what follows it tells. */
static bool is_counted(const struct token *token, const char *at)
{
    struct token after = next(&at);
    return token->kind == TOKEN_NUMBER && is_mark(&after, '(');
}

bool standby_names_parse(const char *text, int *out_required)
{
    *out_required = 0;
    struct token token = next(&text);
    if (token.kind == TOKEN_END) {
        return true;
    }
    *out_required = 1;
    bool has_keyword = is_keyword(&token);
    if (has_keyword) {
        token = next(&text);
    }
    bool is_good = has_keyword || is_counted(&token, text)
                       ? take_counted(&token, &text, out_required)
                       : take_list(&token, &text);
    return is_good && token.kind == TOKEN_END;
}
