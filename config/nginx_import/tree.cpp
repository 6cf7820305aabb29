#include "config/nginx_import/tree.h"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

#include "config/nginx_import/lexer.h"
#include "config/text/utf8.h"

namespace switchyard::config::nginx {

namespace {

constexpr int kIncludeDepth = 20;                  // files that include each other would never end
constexpr std::uintmax_t kFileBytes = 32U << 20U;  // no configuration is larger; a device or a log by mistake may be
constexpr std::size_t kDirectives = 1'000'000;
constexpr std::size_t kNesting = 64;

std::vector<std::string> matching_files(const std::string& pattern) {
    glob_t found{};
    std::vector<std::string> files;
    if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
        for (std::size_t i = 0; i < found.gl_pathc; ++i) files.emplace_back(found.gl_pathv[i]);
    globfree(&found);
    return files;
}

class TreeReader {
  public:
    explicit TreeReader(std::filesystem::path base) : base_(std::move(base)) {}

    Tree tree;

    // Appends the directives of a file to `into`.
    void read_file(const std::string& file, std::vector<Directive>& into, int depth) {
        std::error_code error;
        if (!std::filesystem::is_regular_file(file, error)) return fail(file, 0, "there is no such file");
        if (std::filesystem::file_size(file, error) > kFileBytes)
            return fail(file, 0, fmt::format("the file has more than {} bytes", kFileBytes));
        std::ifstream stream(file, std::ios::binary);
        std::ostringstream text;
        text << stream.rdbuf();
        if (!stream) return fail(file, 0, "the file cannot be read");
        const Lexed lexed = lex(readable(text.str(), file));
        if (lexed.fault) return fail(file, lexed.fault_line, *lexed.fault);
        Cursor cursor{lexed.tokens, 0, file, depth};
        read_block(cursor, into, 0);
    }

  private:
    // Our configuration is UTF-8; files in other encodings mostly have it in comments alone.
    std::string readable(std::string text, const std::string& file) {
        if (is_utf8(text)) return text;
        std::ranges::replace_if(
            text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
        tree.notes.push_back({file, 1, file, "is not UTF-8: letters beyond ASCII became '?'", Note::Kind::changed});
        return text;
    }

    struct Cursor {
        const std::vector<Token>& tokens;
        std::size_t at;
        const std::string& file;
        int depth;  // of includes
        bool done() const { return at >= tokens.size(); }
    };

    void fail(const std::string& file, unsigned line, std::string what) {
        if (!tree.fault)
            tree.fault = Note{file, line, std::move(what), "correct it; `nginx -t` says the same", Note::Kind::lost};
    }

    void read_block(Cursor& cursor, std::vector<Directive>& into, std::size_t nesting) {
        unsigned opened = cursor.at > 0 ? cursor.tokens[cursor.at - 1].line : 1;
        if (nesting > kNesting) return fail(cursor.file, opened, "blocks are nested too deep");
        while (!tree.fault && !cursor.done()) {
            const Token& token = cursor.tokens[cursor.at];
            if (token.kind == Token::Kind::close) {
                if (nesting == 0) return fail(cursor.file, token.line, "unexpected '}'");
                ++cursor.at;
                return;
            }
            if (token.kind != Token::Kind::word)
                return fail(cursor.file, token.line, fmt::format("unexpected '{}'", token.text));
            read_directive(cursor, into, nesting);
        }
        if (!tree.fault && nesting > 0) fail(cursor.file, opened, "the block that opens here is not closed");
    }

    void read_directive(Cursor& cursor, std::vector<Directive>& into, std::size_t nesting) {
        const Token& first = cursor.tokens[cursor.at++];
        if (++count_ > kDirectives) return fail(cursor.file, first.line, "too many directives");
        Directive directive{first.text, {}, false, {}, cursor.file, first.line};
        while (!cursor.done() && cursor.tokens[cursor.at].kind == Token::Kind::word)
            directive.args.push_back(cursor.tokens[cursor.at++].text);
        if (cursor.done())
            return fail(cursor.file, first.line,
                        fmt::format("\"{}\" is not ended by ';' or a block", directive.written()));
        const Token::Kind end = cursor.tokens[cursor.at].kind;
        if (end == Token::Kind::close)
            return fail(cursor.file, cursor.tokens[cursor.at].line,
                        fmt::format("expected ';' before '}}' to end \"{}\"", directive.written()));
        ++cursor.at;
        if (end == Token::Kind::open) {
            directive.block = true;
            read_block(cursor, directive.children, nesting + 1);
        } else if (directive.name == "include" && directive.args.size() == 1) {
            return include(directive, into, cursor.depth);
        }
        into.push_back(std::move(directive));
    }

    void include(const Directive& directive, std::vector<Directive>& into, int depth) {
        if (depth >= kIncludeDepth) return fail(directive.file, directive.line, "files include each other without end");
        std::filesystem::path pattern = directive.arg(0);
        if (pattern.is_relative()) pattern = base_ / pattern;
        const auto files = matching_files(pattern.string());
        if (files.empty()) note_missing(directive, pattern);
        for (const auto& file : files)
            if (!tree.fault) read_file(file, into, depth + 1);
    }

    void note_missing(const Directive& directive, const std::filesystem::path& pattern) {
        // Of what stands there nothing is carried over anyhow.
        constexpr std::array<std::string_view, 5> kIdle{"mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params",
                                                        "scgi_params"};
        const bool mask = directive.arg(0).find_first_of("*?[") != std::string::npos;
        const bool idle = std::ranges::find(kIdle, pattern.filename().string()) != kIdle.end();
        tree.notes.push_back(
            {directive.file, directive.line, directive.written(),
             mask || idle ? fmt::format("no file matches {}: what it holds is not carried over", pattern.string())
                          : fmt::format("{}put it at {} and import again", kNoSuchFile, pattern.string()),
             mask || idle ? Note::Kind::unneeded : Note::Kind::lost});
    }

    std::filesystem::path base_;  // nginx reads relative names from the folder of the main file
    std::size_t count_ = 0;
};

}  // namespace

const std::string& Directive::arg(std::size_t index) const {
    static const std::string kNone;
    return index < args.size() ? args[index] : kNone;
}

std::string Directive::written() const {
    constexpr std::size_t kShown = 120;
    std::string text = name.empty() ? "\"\"" : name;
    for (const auto& argument : args) {
        text += ' ';
        const bool quote = argument.empty() || argument.find_first_of(" \t\n;") != std::string::npos;
        text += quote ? '"' + argument + '"' : argument;
    }
    if (text.size() > kShown) text = text.substr(0, kShown) + "…";
    return text;
}

const Directive* find_child(const std::vector<Directive>& block, std::string_view name) {
    const auto found = std::ranges::find(block, name, &Directive::name);
    return found == block.end() ? nullptr : &*found;
}

Tree read_tree(const std::filesystem::path& path) {
    TreeReader reader(path.parent_path());
    std::vector<Directive> directives;
    reader.read_file(path.string(), directives, 0);
    reader.tree.directives = std::move(directives);
    return std::move(reader.tree);
}

}  // namespace switchyard::config::nginx
