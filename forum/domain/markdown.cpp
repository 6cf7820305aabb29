#include "forum/domain/markdown.h"

#include <md4c.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "forum/domain/ascii.h"
#include "forum/domain/utf8.h"

namespace forum {

namespace {

// Raw HTML stays text; indented code too, because people indent without meaning it.
// Bare links are found below: md4c looks for their end anew at each of them.
constexpr unsigned kDialect = MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS | MD_FLAG_STRIKETHROUGH | MD_FLAG_TABLES;
// A long text of which more than a third are signs is none: a thousand brackets in each other, or drawings. It is shown
// as it was typed, because reading it takes ten times as long as words do.
constexpr std::size_t kLong = 8'000;
constexpr std::size_t kSignShare = 3;
// A name for a link may stand for a thousand characters and be used ten thousand times.
constexpr std::size_t kGrowthMost = 8;
constexpr std::size_t kGrowthFree = 4'096;
// Lists and quotes in each other beyond this are shown as if they were at it: a page of ten thousand nested quotes
// stops a browser.
constexpr std::size_t kNestingMax = 24;
// A heading in a text stands below the title of the post, which is the second level.
constexpr unsigned kHeadingsBelow = 2;
constexpr unsigned kHeadingMost = 6;

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out.push_back(c);
        }
    }
}

std::string_view view_of(const MD_CHAR* text, MD_SIZE size) {
    return {text, size};
}

// "&amp;", "&#38;", "&#x26;": the few that stand in addresses and sentences. Others stay as they were typed.
std::string decoded_entity(std::string_view entity) {
    if (entity == "&amp;") return "&";
    if (entity == "&lt;") return "<";
    if (entity == "&gt;") return ">";
    if (entity == "&quot;") return "\"";
    if (entity == "&nbsp;") return "\u00A0";
    if (!entity.starts_with("&#") || !entity.ends_with(';')) return std::string(entity);
    const bool hexadecimal = entity.size() > 3 && (entity[2] == 'x' || entity[2] == 'X');
    const std::string_view digits = entity.substr(hexadecimal ? 3 : 2, entity.size() - (hexadecimal ? 4 : 3));
    unsigned code = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), code, hexadecimal ? 16 : 10);
    const bool whole = parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
    const bool character =
        whole && code >= 0x20 && code < 0x110000 && (code < 0x7F || code >= 0xA0) && (code < 0xD800 || code > 0xDFFF);
    std::string out;
    if (character) append_code_point(out, code);
    return character ? out : std::string(entity);
}

std::string text_of_attribute(const MD_ATTRIBUTE& attribute) {
    std::string out;
    for (int part = 0; attribute.substr_offsets != nullptr && attribute.substr_offsets[part] < attribute.size; ++part) {
        const MD_OFFSET begin = attribute.substr_offsets[part];
        const std::string_view text = view_of(attribute.text + begin, attribute.substr_offsets[part + 1] - begin);
        if (attribute.substr_types[part] == MD_TEXT_NULLCHAR) continue;
        out += attribute.substr_types[part] == MD_TEXT_ENTITY ? decoded_entity(text) : std::string(text);
    }
    return out;
}

// Where a link may lead: the web, a letter, a place of this forum.
bool is_safe_target(std::string_view target) {
    if (std::ranges::any_of(target,
                            [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7F' || c == '\\'; })) {
        return false;
    }
    if (target.starts_with("#/")) return true;
    if (target.starts_with('/')) return !target.starts_with("//");
    for (const std::string_view scheme : {"http://", "https://", "mailto:"}) {
        if (target.size() > scheme.size() && equals_in_any_case(target.substr(0, scheme.size()), scheme)) return true;
    }
    return false;
}

// Tags that were opened, so that each is closed exactly when it was: a reader of HTML forgives, and does it
// differently.
class Page {
  public:
    std::string out;
    std::size_t most = 0;  // of bytes

    void open(std::string_view tag, std::string_view attributes = {}) {
        const bool shown = !tag.empty() && shown_ < kNestingMax;
        opened_.push_back(shown ? tag : std::string_view());
        if (!shown) return;
        ++shown_;
        out += '<';
        out += tag;
        out += attributes;
        out += '>';
    }
    void close() {
        const std::string_view tag = opened_.back();
        opened_.pop_back();
        if (tag.empty()) return;
        --shown_;
        out += "</";
        out += tag;
        out += '>';
    }
    int has_room() const { return out.size() <= most ? 0 : 1; }
    bool in_link() const { return links_ > 0; }

    void open_link(const MD_ATTRIBUTE& attribute) { open_link(text_of_attribute(attribute)); }
    // Four thousand of them fit into a text, so nothing is put together beside the page.
    void open_link(std::string_view target) {
        if (links_++ > 0 || shown_ >= kNestingMax || !is_safe_target(target)) {
            opened_.emplace_back();
            return;
        }
        opened_.emplace_back("a");
        ++shown_;
        out += "<a href=\"";
        append_escaped(out, target);
        out += "\" rel=\"nofollow ugc noopener\">";
    }
    void close_link() {
        --links_;
        close();
    }

  private:
    std::vector<std::string_view> opened_;
    std::size_t shown_ = 0;
    int links_ = 0;  // a picture in a link would be a link in a link
};

Page& page_of(void* page) {
    return *static_cast<Page*>(page);
}

std::string_view heading(unsigned level) {
    static constexpr std::string_view kHeadings[] = {"h3", "h4", "h5", "h6"};
    return kHeadings[std::min(level + kHeadingsBelow, kHeadingMost) - 3];
}

int enter_block(MD_BLOCKTYPE type, void* detail, void* to) {
    Page& page = page_of(to);
    switch (type) {
        case MD_BLOCK_QUOTE:
            page.open("blockquote");
            break;
        case MD_BLOCK_UL:
            page.open("ul");
            break;
        case MD_BLOCK_OL: {
            const unsigned start = static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start;
            page.open("ol", start == 1 ? "" : " start=\"" + std::to_string(start) + '"');
            break;
        }
        case MD_BLOCK_LI:
            page.open("li");
            break;
        case MD_BLOCK_HR:
            page.out += "<hr>";
            page.open("");
            break;
        case MD_BLOCK_H:
            page.open(heading(static_cast<MD_BLOCK_H_DETAIL*>(detail)->level));
            break;
        case MD_BLOCK_CODE:
            page.open("pre");
            break;
        case MD_BLOCK_P:
            page.open("p");
            break;
        case MD_BLOCK_TABLE:
            page.open("table");
            break;
        case MD_BLOCK_THEAD:
            page.open("thead");
            break;
        case MD_BLOCK_TBODY:
            page.open("tbody");
            break;
        case MD_BLOCK_TR:
            page.open("tr");
            break;
        case MD_BLOCK_TH:
            page.open("th");
            break;
        case MD_BLOCK_TD:
            page.open("td");
            break;
        case MD_BLOCK_DOC:
        case MD_BLOCK_HTML:
            page.open("");
            break;
    }
    return 0;
}

int leave_block(MD_BLOCKTYPE type, void*, void* to) {
    page_of(to).close();
    if (type != MD_BLOCK_DOC) page_of(to).out += '\n';
    return page_of(to).has_room();
}

int enter_span(MD_SPANTYPE type, void* detail, void* to) {
    Page& page = page_of(to);
    switch (type) {
        case MD_SPAN_EM:
            page.open("em");
            break;
        case MD_SPAN_STRONG:
            page.open("strong");
            break;
        case MD_SPAN_DEL:
            page.open("del");
            break;
        case MD_SPAN_CODE:
            page.open("code");
            break;
        case MD_SPAN_A:
            page.open_link(static_cast<MD_SPAN_A_DETAIL*>(detail)->href);
            break;
        case MD_SPAN_IMG:  // loading it would tell its owner who reads: it is shown as a link
            page.open_link(static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src);
            break;
        default:
            page.open("");
    }
    return 0;
}

int leave_span(MD_SPANTYPE type, void*, void* to) {
    if (type == MD_SPAN_A || type == MD_SPAN_IMG) {
        page_of(to).close_link();
    } else {
        page_of(to).close();
    }
    return 0;
}

// Where an address that begins the text ends: at what cannot stand in one, and before signs that end a sentence.
std::size_t end_of_address(std::string_view text) {
    static constexpr auto kEnds = [] {
        std::array<bool, 256> ends{};
        for (const char c : std::string_view(" \t\n\r<>\"'`|{}[]()")) ends[static_cast<unsigned char>(c)] = true;
        return ends;
    }();
    std::size_t end = 0;
    while (end < text.size() && !kEnds[static_cast<unsigned char>(text[end])]) ++end;
    while (end > 0 && std::string_view(".,:;!?*_~").find(text[end - 1]) != std::string_view::npos) --end;
    return end;
}

void append_with_links(Page& page, std::string_view text) {
    constexpr std::string_view kBegin = "http";
    std::size_t shown = 0;
    for (std::size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) {
        if (at < shown) continue;
        const std::string_view rest = text.substr(at);
        const bool address = rest.starts_with("http://") || rest.starts_with("https://");
        if (!address || (at > 0 && (is_letter(text[at - 1]) || is_digit(text[at - 1])))) continue;
        const std::string_view target = rest.substr(0, end_of_address(rest));
        if (target.size() <= std::string_view("https://").size()) continue;
        append_escaped(page.out, text.substr(shown, at - shown));
        page.open_link(target);
        append_escaped(page.out, target);
        page.close_link();
        shown = at + target.size();
    }
    append_escaped(page.out, text.substr(shown));
}

int add_text(MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* to) {
    std::string& out = page_of(to).out;
    switch (type) {
        case MD_TEXT_NULLCHAR:
            break;
        case MD_TEXT_BR:
        case MD_TEXT_SOFTBR:  // who begins a new line means one
            out += "<br>\n";
            break;
        case MD_TEXT_ENTITY:
            append_escaped(out, decoded_entity(view_of(text, size)));
            break;
        case MD_TEXT_NORMAL:
            if (!page_of(to).in_link()) {
                append_with_links(page_of(to), view_of(text, size));
                break;
            }
            [[fallthrough]];
        default:
            append_escaped(out, view_of(text, size));
    }
    return page_of(to).has_room();
}

int add_space(MD_BLOCKTYPE, void*, void* to) {
    std::string& out = *static_cast<std::string*>(to);
    if (!out.empty() && out.back() != ' ') out += ' ';
    return 0;
}

int do_nothing(MD_SPANTYPE, void*, void*) {
    return 0;
}

int enter_nothing(MD_BLOCKTYPE, void*, void*) {
    return 0;
}

int add_plain(MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* to) {
    std::string& out = *static_cast<std::string*>(to);
    switch (type) {
        case MD_TEXT_NULLCHAR:
            break;
        case MD_TEXT_BR:
        case MD_TEXT_SOFTBR:
            out += ' ';
            break;
        case MD_TEXT_ENTITY:
            out += decoded_entity(view_of(text, size));
            break;
        default:
            for (const char c : view_of(text, size)) out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    }
    return 0;
}

// Most beginnings of most texts are words of one line. What cannot be anything else is not read as Markdown.
bool is_plain_line(std::string_view text) {
    static constexpr auto kMarks = [] {
        std::array<bool, 256> marks{};
        for (const char c : std::string_view("\0\n\r\t\\`*_[]<>#~|&!", 17)) marks[static_cast<unsigned char>(c)] = true;
        return marks;
    }();
    // A list's number, its sign, or an indent.
    const bool begins_as_word =
        text.empty() || std::string_view("-+=0123456789 ").find(text[0]) == std::string_view::npos;
    return begins_as_word && std::ranges::none_of(text, [](char c) { return kMarks[static_cast<unsigned char>(c)]; });
}

bool is_made_of_signs(std::string_view text) {
    if (text.size() < kLong) return false;
    static constexpr auto kSigns = [] {
        std::array<bool, 256> signs{};
        for (const char c : std::string_view("[](){}<>*_`~!|\\&#>-+=\n\"")) signs[static_cast<unsigned char>(c)] = true;
        return signs;
    }();
    const auto count = std::ranges::count_if(text, [](char c) { return kSigns[static_cast<unsigned char>(c)]; });
    return static_cast<std::size_t>(count) > text.size() / kSignShare;
}

std::string html_as_typed(std::string_view text) {
    std::string out = "<p>";
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        append_escaped(out, text.substr(0, end));
        text.remove_prefix(end);
        if (text.empty()) break;
        out += "<br>\n";
        text.remove_prefix(1);
    }
    return out + "</p>\n";
}

}  // namespace

std::string html_from_markdown(std::string_view text) {
    if (is_made_of_signs(text)) return html_as_typed(text);
    Page page;
    page.most = kGrowthFree + kGrowthMost * text.size();
    page.out.reserve(text.size() + text.size() / 4 + 16);
    const MD_PARSER parser = {0,           kDialect,  &enter_block, &leave_block, &enter_span,
                              &leave_span, &add_text, nullptr,      nullptr};
    const int code = md_parse(text.data(), static_cast<MD_SIZE>(text.size()), &parser, &page);
    return code == 0 ? std::move(page.out) : html_as_typed(text);
}

std::string_view plain_from_markdown(std::string_view text, std::string& out) {
    if (is_plain_line(text)) return text.substr(0, text.find_last_not_of(' ') + 1);
    out.clear();
    out.reserve(text.size());
    const MD_PARSER parser = {0,           kDialect,   &enter_nothing, &add_space, &do_nothing,
                              &do_nothing, &add_plain, nullptr,        nullptr};
    md_parse(text.data(), static_cast<MD_SIZE>(text.size()), &parser, &out);
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

}  // namespace forum
