#include "forum/domain/visible_text.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "forum/domain/utf8.h"

namespace forum {

namespace {

constexpr char32_t kBlackFlag = 0x1F3F4;  // begins the flags of England, Scotland and Wales, which are spelled in tags

bool is_joiner_or_selector(char32_t c) {
    return c == 0x200C || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xE0100 && c <= 0xE01EF);
}

bool is_tag_character(char32_t c) {
    return c >= 0xE0000 && c <= 0xE007F;
}

// Without a shape of their own, and no spaces.
bool is_shapeless(char32_t c) {
    const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
    return category == UTF8PROC_CATEGORY_CF || c == 0x034F || c == 0x115F || c == 0x1160 || c == 0x17B4 ||
           c == 0x17B5 || (c >= 0x180B && c <= 0x180F) || c == 0x2800 || c == 0x3164 || c == 0xFFA0 || c == 0x1D159 ||
           is_joiner_or_selector(c) || (c >= 0xE0000 && c <= 0xE0FFF);
}

bool is_space(char32_t c) {
    const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
    return (c >= '\t' && c <= '\r') || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

}  // namespace

bool is_blank(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        if (!is_space(c) && !is_shapeless(c)) return false;
    }
    return true;
}

bool has_deceptive_characters(std::string_view text, bool lines_allowed) {
    bool in_flag = false;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        if (is_tag_character(c)) {
            if (!in_flag) return true;
            continue;
        }
        in_flag = c == kBlackFlag;
        const bool override_or_embedding = c >= 0x202A && c <= 0x202E;
        const bool annotation = c >= 0xFFF9 && c <= 0xFFFB;
        if (override_or_embedding || annotation) return true;
        // Marks of direction only say where a neutral sign belongs.
        const bool mark = c == 0x200E || c == 0x200F || c == 0x061C;
        if (!lines_allowed && is_shapeless(c) && !is_joiner_or_selector(c) && !mark) return true;
    }
    return false;
}

bool is_one_spelling(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto c = static_cast<utf8proc_int32_t>(next_code_point(text, at));
        if (utf8proc_tolower(c) != c) return false;
    }
    utf8proc_uint8_t* composed = nullptr;
    const utf8proc_ssize_t length =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                     &composed, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(composed, &std::free);
    return length >= 0 &&
           std::string_view(reinterpret_cast<const char*>(composed), static_cast<std::size_t>(length)) == text;
}

}  // namespace forum
