#include "forum/domain/ranking.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace forum {

namespace {
// Seconds that one factor of ten in votes is worth.
constexpr double kSecondsPerDecade = 45'000.0;
}  // namespace

std::optional<Order> order_named(std::string_view name) {
    if (name == "hot") return Order::hot;
    if (name == "new") return Order::newest;
    if (name == "top") return Order::top;
    return std::nullopt;
}

std::string_view name_of(Order order) {
    switch (order) {
        case Order::hot:
            return "hot";
        case Order::newest:
            return "new";
        case Order::top:
            return "top";
    }
    return "hot";
}

double hot_rank(std::int64_t score, std::int64_t created_at_ms) {
    const double magnitude = std::log10(static_cast<double>(std::max<std::int64_t>(std::llabs(score), 1)));
    const double sign = score < 0 ? -1.0 : 1.0;
    return sign * magnitude + static_cast<double>(created_at_ms) / 1000.0 / kSecondsPerDecade;
}

}  // namespace forum
