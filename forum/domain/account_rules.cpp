#include "forum/domain/account_rules.h"

#include <zxcvbn.h>

#include <algorithm>
#include <cctype>
#include <string>

#include "forum/domain/ascii.h"
#include "forum/domain/utf8.h"
#include "forum/domain/visible_text.h"

namespace forum {

namespace {

bool same_letters(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

// Of these, people believe that they speak for the forum or for its programs.
constexpr std::string_view kReserved[] = {
    "abuse",    "admin",    "administrator", "all",        "anonymous", "api",       "deleted", "everyone",
    "forum",    "guest",    "help",          "hostmaster", "mod",       "moderator", "nobody",  "null",
    "official", "operator", "owner",         "postmaster", "root",      "security",  "staff",   "support",
    "sysadmin", "system",   "team",          "undefined",  "webmaster"};

// What is guessed within the first few thousand tries, by zxcvbn's reckoning. Throttled guessers get some dozens a day,
// so more would only annoy. Looked at is a beginning: what is long is not common, and its time grows with the square.
constexpr double kLeastBits = 14;
constexpr std::size_t kLookedAt = 40;

bool is_common(std::string_view password, std::string_view username) {
    const std::string begin(password.substr(0, kLookedAt));
    const std::string name(username.substr(0, kLookedAt));
    const char* own_words[] = {name.c_str(), nullptr};
    return ZxcvbnMatch(begin.c_str(), name.empty() ? nullptr : own_words, nullptr) < kLeastBits;
}

}  // namespace

void check_not_reserved(std::string_view username, FieldErrors& errors) {
    const bool reserved =
        std::ranges::any_of(kReserved, [&](std::string_view one) { return equals_in_any_case(username, one); });
    if (reserved) errors.push_back({"/username", "is reserved"});
}

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
    } else if (is_common(password, username)) {
        errors.push_back({std::string(pointer), "is one of those that are tried first; take a few words of your own"});
    }
}

void check_display_name(std::string_view name, FieldErrors& errors) {
    if (code_points(name) > kDisplayNameMax || has_control_characters(name, false)) {
        errors.push_back({"/display_name", "must have at most 60 characters and no control characters"});
    } else if (has_deceptive_characters(name, false)) {
        errors.push_back({"/display_name", "must not contain characters that hide or turn around text"});
    }
}

void check_about(std::string_view about, FieldErrors& errors) {
    if (code_points(about) > kAboutMax || has_control_characters(about, true)) {
        errors.push_back({"/about", "must have at most 2000 characters and no control characters"});
    } else if (has_deceptive_characters(about, true)) {
        errors.push_back({"/about", "must not contain characters that hide or turn around text"});
    }
}

}  // namespace forum
