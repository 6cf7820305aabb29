#include "control/upgrade/order.h"

#include <cstdint>

namespace switchyard::control::upgrade {

using std::chrono::milliseconds;

Order order_of(const nlohmann::ordered_json& hello) {
    Order out;
    out.drain_within = milliseconds(hello.value("drain_within_ms", std::int64_t{out.drain_within.count()}));
    out.probation = milliseconds(hello.value("probation_ms", std::int64_t{out.probation.count()}));
    out.cut_oldest = hello.value("cut_oldest", out.cut_oldest);
    return out;
}

void say_order(nlohmann::ordered_json& hello, const Order& order) {
    hello["drain_within_ms"] = order.drain_within.count();
    hello["probation_ms"] = order.probation.count();
    hello["cut_oldest"] = order.cut_oldest;
}

std::string why_not(const Order& order) {
    if (order.drain_within < milliseconds{0} || order.drain_within > Order::kLongestDrain)
        return "drain_within must be at most 24h";
    if (order.probation < milliseconds{0} || order.probation > Order::kLongestProbation)
        return "probation must be at most 1h";
    return {};
}

}  // namespace switchyard::control::upgrade
