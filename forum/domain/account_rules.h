// What a name and a password may look like. Each function adds what is wrong to `errors` and touches nothing else.
//
// Pure. Threads: any.
#pragma once

#include <string_view>

#include "forum/domain/field_error.h"

namespace forum {

inline constexpr std::size_t kUsernameMin = 3;
inline constexpr std::size_t kUsernameMax = 24;
// NIST SP 800-63B asks for at least 8; the upper limit bounds the work of hashing what a stranger sends.
inline constexpr std::size_t kPasswordMin = 8;
inline constexpr std::size_t kPasswordMax = 128;
inline constexpr std::size_t kDisplayNameMax = 60;
inline constexpr std::size_t kAboutMax = 2'000;

// ASCII letters, digits, '-' and '_', beginning with a letter: names appear in addresses and after '@'.
void check_username(std::string_view username, FieldErrors& errors);
// Names that only the first admin takes.
void check_not_reserved(std::string_view username, FieldErrors& errors);
// Refuses short and long ones, the user's own name, and what guessers try first.
void check_password(std::string_view password, std::string_view username, std::string_view pointer,
                    FieldErrors& errors);
void check_display_name(std::string_view name, FieldErrors& errors);
void check_about(std::string_view about, FieldErrors& errors);

}  // namespace forum
