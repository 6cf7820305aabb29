// The value of a sticky session's cookie: names an endpoint without showing its address.
//
// A hash of upstream and address, the same on every worker, after every restart and in every generation, so that a
//   session finds its endpoint as long as it is configured. It hides the address from people who look at cookies; it
//   is no secret: a client that guesses the address can check the guess.
// Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace switchyard::upstream {

struct Upstream;

inline constexpr std::size_t kSessionKeySize = 16;

std::uint64_t session_key(std::string_view upstream, std::string_view address);
// 16 hexadecimal digits into `out`.
void write_session_key(std::uint64_t key, char* out);
// Index of the endpoint that a cookie names; -1: none of these.
std::int32_t endpoint_of_session(const Upstream& upstream, std::string_view cookie);

}  // namespace switchyard::upstream
