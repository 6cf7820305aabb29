#include "forum/domain/comment_path.h"

namespace forum {

std::string comment_path(std::string_view parent_path, std::int64_t row_id) {
    static constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
    std::string path(parent_path);
    path.resize(parent_path.size() + kPathSegment);
    auto rest = static_cast<std::uint64_t>(row_id);
    for (std::size_t i = 0; i < kPathSegment; ++i) {
        path[path.size() - 1 - i] = kDigits[rest & 31U];
        rest >>= 5U;
    }
    return path;
}

int depth_of(std::string_view path) {
    return static_cast<int>(path.size() / kPathSegment) - 1;
}

}  // namespace forum
