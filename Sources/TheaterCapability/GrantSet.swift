// SPDX-License-Identifier: Apache-2.0

/// What an actor holds.
enum GrantSet {}
