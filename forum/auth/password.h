// Passwords as argon2id strings, with the first parameter set OWASP recommends (19 MiB, two passes, one lane).
//
// Threads: any. One hash takes tens of milliseconds and 19 MiB, so at most `parallel` run at a time and the others wait
// their turn, and they give way to all other work: a storm of logins costs those who log in, never the memory of the
// machine nor the time of those who read.
#pragma once

#include <functional>
#include <semaphore>
#include <string>
#include <string_view>

#include "forum/auth/quiet_threads.h"

namespace forum {

inline constexpr unsigned kArgonMemoryKib = 19'456;
inline constexpr unsigned kArgonPasses = 2;
inline constexpr unsigned kArgonLanes = 1;

// What is to be known of a look at a password: called when it is its turn (and may throw, then it does not come to
// that) and when it is known, before the next one's turn. However many wait, only `parallel` are between the two.
struct Attempt {
    std::function<void()> begins = [] {};
    std::function<void(bool right)> ends = [](bool) {};
};

class PasswordHasher {
  public:
    explicit PasswordHasher(unsigned parallel);

    std::string hash(std::string_view password);
    bool verify(std::string_view password, const std::string& encoded, const Attempt& attempt = {});
    // Costs what verify costs. For names that are not taken, so that timing does not tell which names exist.
    void verify_nothing(std::string_view password, const Attempt& attempt);

  private:
    std::counting_semaphore<64> slots_;
    QuietThreads threads_;  // one for each slot
    std::string decoy_;
};

}  // namespace forum
