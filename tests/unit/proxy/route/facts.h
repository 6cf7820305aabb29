// A request as routing sees it, made from its text.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "proxy/http/head_parser.h"
#include "proxy/http/target.h"
#include "proxy/route/request_facts.h"

struct Facts {
    std::string bytes;
    switchyard::http::Head head;
    switchyard::route::RequestFacts facts;

    explicit Facts(const std::string& lines, const std::string& request_line = "GET / HTTP/1.1",
                   const std::string& client = "10.1.2.3")
        : bytes(request_line + "\r\nHost: a.example\r\n" + lines + "\r\n") {
        using namespace switchyard;
        http::HeadParser parser;
        REQUIRE(parser.request(bytes, head) == http::HeadParser::Outcome::done);
        const auto target = http::read_target(bytes.data(), head);
        REQUIRE(target.refused == nullptr);
        facts = {bytes.data(), &head,        head.method.of(bytes.data()),        target.host,
                 target.path,  target.query, route::ClientAddress::parse(client), nullptr};
    }
    Facts(const Facts&) = delete;
    Facts& operator=(const Facts&) = delete;
};
