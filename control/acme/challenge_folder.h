// Challenges that another program has put into a folder (certbot, lego, dehydrated): what they say, as far as they are
// some.
//
// Only regular files whose name is a token, in the folder itself or in its .well-known/acme-challenge, opened beneath
// it and through no link, and only what is a key authorization for that token: a file half written is none yet, and
// no other file of the folder is ever given out.
// Threads: any; waits for the disk.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "proxy/net/challenge_book.h"

namespace switchyard::control::acme {

inline constexpr std::size_t kMostChallenges = 1'000;  // of one folder
inline constexpr std::size_t kMostFilesSeen = 20'000;  // of one folder, whatever they are

switchyard::net::ChallengeBook::Answers read_challenges(const std::string& folder);

// A token, a dot, and the thumbprint of a key: 43 octets of base64url.
bool is_key_authorization(std::string_view text, std::string_view token);

}  // namespace switchyard::control::acme
