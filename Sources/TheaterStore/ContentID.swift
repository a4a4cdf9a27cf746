// SPDX-License-Identifier: Apache-2.0

/// The digest under which the store knows a blob.
enum ContentID {}
