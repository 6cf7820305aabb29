#include "proxy/route/expression.h"

namespace switchyard::route {
namespace {

thread_local unsigned thread_number = 0;

}  // namespace

Expression::Expression(std::string pattern, unsigned workers) : pattern_(std::move(pattern)), copies_(workers + 1) {
    copies_[0] = config::expression_of(pattern_);
    refused_ = copies_[0] == nullptr;
}

bool Expression::found_in(std::string_view value) const {
    if (refused_) return false;
    auto& mine = copies_.at(thread_number);
    if (!mine) mine = config::expression_of(pattern_);
    return config::found_in(*mine, value);
}

void Expression::this_thread_is(unsigned number) {
    thread_number = number;
}

}  // namespace switchyard::route
