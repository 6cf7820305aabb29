#include "forum/auth/password.h"

#include <argon2.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "forum/auth/digest.h"

namespace forum {

namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr unsigned kMostParallel = 64;

unsigned within_bounds(unsigned parallel) {
    return std::clamp(parallel, 1U, kMostParallel);
}

using Slots = std::counting_semaphore<kMostParallel>;

class Slot {
  public:
    explicit Slot(Slots& slots) : slots_(slots) { slots_.acquire(); }
    ~Slot() { slots_.release(); }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

  private:
    Slots& slots_;
};

}  // namespace

PasswordHasher::PasswordHasher(unsigned parallel)
    : slots_(static_cast<std::ptrdiff_t>(within_bounds(parallel))),
      threads_(within_bounds(parallel)),
      decoy_(hash(random_bytes(kSaltBytes))) {}

std::string PasswordHasher::hash(std::string_view password) {
    const Slot slot(slots_);
    const std::string salt = random_bytes(kSaltBytes);
    std::array<char, 256> encoded{};
    int code = ARGON2_OK;
    threads_.run([&] {
        code = argon2id_hash_encoded(kArgonPasses, kArgonMemoryKib, kArgonLanes, password.data(), password.size(),
                                     salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
    });
    if (code != ARGON2_OK) throw std::runtime_error(std::string("argon2id: ") + argon2_error_message(code));
    return encoded.data();
}

bool PasswordHasher::verify(std::string_view password, const std::string& encoded, const Attempt& attempt) {
    const Slot slot(slots_);
    attempt.begins();
    bool right = false;
    threads_.run([&] { right = argon2id_verify(encoded.c_str(), password.data(), password.size()) == ARGON2_OK; });
    attempt.ends(right);
    return right;
}

void PasswordHasher::verify_nothing(std::string_view password, const Attempt& attempt) {
    (void)verify(password, decoy_, attempt);
}

}  // namespace forum
