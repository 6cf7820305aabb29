#pragma once
// Passwords as argon2id strings, with the first parameter set OWASP recommends (19 MiB, two passes, one lane).
//
// Threads: any. One hash takes tens of milliseconds and 19 MiB, so at most `parallel` run at a time and the others wait
// their turn: a storm of logins costs waiting, never the memory of the machine.

#include <semaphore>
#include <string>
#include <string_view>

namespace forum {

inline constexpr unsigned kArgonMemoryKib = 19'456;
inline constexpr unsigned kArgonPasses = 2;
inline constexpr unsigned kArgonLanes = 1;

class PasswordHasher {
  public:
    explicit PasswordHasher(unsigned parallel);

    std::string hash(std::string_view password);
    bool verify(std::string_view password, const std::string& encoded);
    /// Costs what verify costs. For names nobody has, so that timing does not tell which names exist.
    void verify_nothing(std::string_view password);

  private:
    std::counting_semaphore<64> slots_;
    std::string decoy_;
};

}  // namespace forum
