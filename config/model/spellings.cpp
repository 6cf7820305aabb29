#include <array>

#include "config/model/condition.h"
#include "config/model/endpoint.h"
#include "config/model/health.h"
#include "config/model/key.h"
#include "config/model/process.h"
#include "config/model/route.h"
#include "config/model/upstream.h"

namespace switchyard::config {

namespace {

constexpr std::array<Spelling<Role>, 3> kRoles{
    {{Role::viewer, "viewer"}, {Role::operate, "operator"}, {Role::admin, "admin"}}};

constexpr Spelling<EndpointProtocol> kEndpointProtocols[] = {
    {EndpointProtocol::http1, "http/1.1"}, {EndpointProtocol::http2, "h2"}, {EndpointProtocol::automatic, "auto"}};
constexpr std::array<Spelling<EndpointState>, 3> kEndpointStates{
    {{EndpointState::up, "up"}, {EndpointState::drain, "drain"}, {EndpointState::maint, "maint"}}};

constexpr std::array<Spelling<WhenAllDown>, 2> kWhenAllDown{
    {{WhenAllDown::fail, "fail"}, {WhenAllDown::try_all, "try_all"}}};

constexpr std::array<Spelling<Balance::Kind>, 5> kBalances{
    {{Balance::Kind::random_two, "random_two"},
     {Balance::Kind::weighted_round_robin, "weighted_round_robin"},
     {Balance::Kind::least_connections, "least_connections"},
     {Balance::Kind::ip_hash, "ip_hash"},
     {Balance::Kind::peak_ewma, "peak_ewma"}}};

constexpr std::array<Spelling<Health::Type>, 5> kHealthTypes{{{Health::Type::none, "none"},
                                                              {Health::Type::http, "http"},
                                                              {Health::Type::tcp, "tcp"},
                                                              {Health::Type::grpc, "grpc"},
                                                              {Health::Type::exec, "exec"}}};

constexpr std::array<Spelling<Key::Source>, 8> kKeySources{{{Key::Source::header, "header"},
                                                            {Key::Source::cookie, "cookie"},
                                                            {Key::Source::query, "query"},
                                                            {Key::Source::claim, "claim"},
                                                            {Key::Source::client, "client"},
                                                            {Key::Source::method, "method"},
                                                            {Key::Source::path, "path"},
                                                            {Key::Source::host, "host"}}};

constexpr std::array<Spelling<Condition::Test>, 5> kTests{{{Condition::Test::present, "present"},
                                                           {Condition::Test::equals, "equals"},
                                                           {Condition::Test::in, "in"},
                                                           {Condition::Test::prefix, "prefix"},
                                                           {Condition::Test::matches, "matches"}}};

constexpr std::array<Spelling<Sticky::Missing>, 3> kMissing{{{Sticky::Missing::baseline, "baseline"},
                                                             {Sticky::Missing::random, "random"},
                                                             {Sticky::Missing::client, "client"}}};

}  // namespace

template <>
std::span<const Spelling<Role>> spellings<Role>() {
    return kRoles;
}
template <>
std::span<const Spelling<EndpointProtocol>> spellings<EndpointProtocol>() {
    return kEndpointProtocols;
}
template <>
std::span<const Spelling<EndpointState>> spellings<EndpointState>() {
    return kEndpointStates;
}
template <>
std::span<const Spelling<WhenAllDown>> spellings<WhenAllDown>() {
    return kWhenAllDown;
}
template <>
std::span<const Spelling<Balance::Kind>> spellings<Balance::Kind>() {
    return kBalances;
}
template <>
std::span<const Spelling<Health::Type>> spellings<Health::Type>() {
    return kHealthTypes;
}
template <>
std::span<const Spelling<Key::Source>> spellings<Key::Source>() {
    return kKeySources;
}
template <>
std::span<const Spelling<Condition::Test>> spellings<Condition::Test>() {
    return kTests;
}
template <>
std::span<const Spelling<Sticky::Missing>> spellings<Sticky::Missing>() {
    return kMissing;
}

}  // namespace switchyard::config
