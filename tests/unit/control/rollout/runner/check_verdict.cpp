#include "control/rollout/runner/check_verdict.h"

#include <doctest/doctest.h>

using namespace switchyard::control;
using namespace switchyard::control::rollout;

namespace {

HttpCheck compares(HttpCheck::Kind kind, const std::string& what = "/errors") {
    HttpCheck check;
    check.kind = kind;
    check.what = what;
    check.below = 0.01;
    return check;
}

HttpOutcome answer(std::string body, unsigned status = 200) {
    HttpOutcome out;
    out.status = status;
    if (!out.ok()) out.error = "answered " + std::to_string(status);
    out.body = std::move(body);
    return out;
}

std::string told(const HttpCheck& check, const std::string& body, unsigned status = 200) {
    const auto verdict = judge(check, answer(body, status));
    return (verdict.passed ? "passed: " : "failed: ") + verdict.why;
}

std::string vector_of(const std::string& samples) {
    return R"({"status":"success","data":{"resultType":"vector","result":[)" + samples + "]}}";
}

std::string sample(const std::string& value) {
    return R"({"metric":{},"value":[1435781451.781,")" + value + "\"]}";
}

}  // namespace

TEST_CASE("a status check passes on 2xx, whatever else the answer says") {
    CHECK(judge({}, answer("nonsense")).passed);
    CHECK(judge({}, answer("", 503)).why == "answered 503");
    CHECK_FALSE(judge({}, {0, "connecting: refused"}).passed);
}

TEST_CASE("a number of a JSON answer is compared, and what is no number fails in words") {
    const auto json = compares(HttpCheck::Kind::json);
    CHECK(told(json, R"({"errors": 0.002})") == "passed: 0.002 is below 0.01");
    CHECK(told(json, R"({"errors": 0.01})") == "failed: 0.01 is not below 0.01");
    CHECK(told(json, R"({"errors": "0.002"})") == "failed: what stands at /errors is no number: \"0.002\"");
    CHECK(told(json, R"({"errors": null})") == "failed: what stands at /errors is no number: null");
    CHECK(told(json, R"({"other": 1})") == "failed: there is nothing at /errors in the answer");
    CHECK(told(json, "[1]") == "failed: there is nothing at /errors in the answer");
    CHECK(told(json, "{") == "failed: the answer is not JSON");
    CHECK(told(json, "") == "failed: the answer is empty");
    CHECK(told(json, R"({"errors": 0.002})", 500) == "failed: answered 500");
    CHECK(told(json, R"({"errors": 1e400})").starts_with("failed: "));
    CHECK(judge(json, {0, "connecting: refused"}).why == "connecting: refused");
    auto list = compares(HttpCheck::Kind::json, "/0/a~1b");
    CHECK(told(list, R"([{"a/b": -1}])") == "passed: -1 is below 0.01");
    list.below.reset(), list.above = 3;
    CHECK(told(list, R"([{"a/b": 3}])") == "failed: 3 is not above 3");
    list.below = 5;
    CHECK(told(list, R"([{"a/b": 4}])") == "passed: 4 is below 5 and above 3");
}

TEST_CASE("what a Prometheus query gives is one finite number, or the check fails and says what it gave") {
    const auto query = compares(HttpCheck::Kind::prometheus, "errors");
    CHECK(told(query, vector_of(sample("0.0021"))) == "passed: 0.0021 is below 0.01");
    CHECK(told(query, vector_of(sample("1e-3"))) == "passed: 0.001 is below 0.01");
    CHECK(told(query, R"({"status":"success","data":{"resultType":"scalar","result":[1,"0.5"]}})") ==
          "failed: 0.5 is not below 0.01");
    CHECK(told(query, vector_of("")) == "failed: the query gives no value: no series matches");
    CHECK(told(query, vector_of(sample("1") + "," + sample("2"))) ==
          "failed: the query gives 2 series, not one value: sum(…) makes one of them");
    CHECK(told(query, vector_of(sample("NaN"))) == "failed: the value is NaN");
    CHECK(told(query, vector_of(sample("+Inf"))) == "failed: the value is +Inf");
    CHECK(told(query, vector_of(sample("x"))) == "failed: the value is no number: x");
    CHECK(told(query, vector_of(R"({"metric":{}})")) == "failed: the answer has no value");
    CHECK(told(query, R"({"status":"success","data":{"resultType":"matrix","result":[]}})") ==
          "failed: the query gives a matrix, not one value");
    CHECK(told(query, R"({"status":"error","error":"parse error: unexpected end"})", 400) ==
          "failed: answered 400: parse error: unexpected end");
    CHECK(told(query, R"({"status":"error","error":"timed out"})") == "failed: the query failed: timed out");
    for (const char* odd : {"{}", "[]", "3", R"({"status":"success"})", R"({"status":"success","data":[]})"})
        CHECK(told(query, odd) == "failed: the answer is not that of a Prometheus server");
    CHECK(told(query, R"({"error":")" + std::string(1000, 'x') + "\"}", 500).size() < 300);
}
