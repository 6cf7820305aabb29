#include "forum/domain/public_id.h"

#include <algorithm>

namespace forum {

namespace {
constexpr std::string_view kLetters = "0123456789abcdefghjkmnpqrstvwxyz";
}

std::string public_id_from(std::uint64_t random_bits) {
    std::string id(kPublicIdLength, '0');
    for (char& letter : id) {
        letter = kLetters[random_bits & 31U];
        random_bits >>= 5U;
    }
    return id;
}

bool is_public_id(std::string_view text) {
    return text.size() == kPublicIdLength &&
           std::all_of(text.begin(), text.end(), [](char c) { return kLetters.find(c) != std::string_view::npos; });
}

}  // namespace forum
