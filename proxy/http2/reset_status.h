// What a call of gRPC is told where its stream was reset (gRPC over HTTP/2, "HTTP2 Transport Mapping").
//
// Pure.
#pragma once

#include "proxy/http/grpc.h"
#include "proxy/http2/frame.h"

namespace switchyard::http2 {

constexpr http::GrpcStatus grpc_status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::refused_stream:
            return http::GrpcStatus::unavailable;
        case ErrorCode::cancel:
            return http::GrpcStatus::cancelled;
        case ErrorCode::enhance_your_calm:
            return http::GrpcStatus::resource_exhausted;
        case ErrorCode::inadequate_security:
            return http::GrpcStatus::permission_denied;
        default:
            return http::GrpcStatus::internal;
    }
}

}  // namespace switchyard::http2
