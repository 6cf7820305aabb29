#include "forum/domain/account_rules.h"

#include <algorithm>
#include <cctype>

#include "forum/domain/ascii.h"
#include "forum/domain/utf8.h"

namespace forum {

namespace {

bool same_letters(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

}  // namespace

void check_username(std::string_view username, FieldErrors& errors) {
    if (username.size() < kUsernameMin || username.size() > kUsernameMax) {
        errors.push_back({"/username", "must have 3 to 24 characters"});
        return;
    }
    const bool shape = is_letter(username[0]) && std::all_of(username.begin(), username.end(), [](char c) {
                           return is_letter(c) || is_digit(c) || c == '-' || c == '_';
                       });
    if (!shape) errors.push_back({"/username", "must be ASCII letters, digits, '-' or '_' and begin with a letter"});
}

void check_password(std::string_view password, std::string_view username, std::string_view pointer,
                    FieldErrors& errors) {
    const std::size_t length = code_points(password);
    if (length < kPasswordMin || length > kPasswordMax) {
        errors.push_back({std::string(pointer), "must have 8 to 128 characters"});
    } else if (same_letters(password, username)) {
        errors.push_back({std::string(pointer), "must differ from the user name"});
    }
}

void check_display_name(std::string_view name, FieldErrors& errors) {
    if (code_points(name) > kDisplayNameMax || has_control_characters(name, false)) {
        errors.push_back({"/display_name", "must have at most 60 characters and no control characters"});
    }
}

void check_about(std::string_view about, FieldErrors& errors) {
    if (code_points(about) > kAboutMax || has_control_characters(about, true)) {
        errors.push_back({"/about", "must have at most 2000 characters and no control characters"});
    }
}

}  // namespace forum
