// SPDX-License-Identifier: Apache-2.0

/// Function hashes in full: signature, the interface whose types it uses, hash.
struct ReferenceFunction: Sendable {
    let signature: String
    let interface: String?
    let hash: String

    static let all: [ReferenceFunction] = [
        ReferenceFunction(
            signature: "() -> list<string>",
            interface: nil,
            hash: "f70212f58f6cd4987007f6af327fc9ed374c44937cb4f7bfbdc4402533f9275d"),
        ReferenceFunction(
            signature: "() -> list<u8>",
            interface: nil,
            hash: "ed9746aea669d9724f6be8d626bbae7fbbfeca9fd3c121f41295e29501c04616"),
        ReferenceFunction(
            signature: "() -> result<bool, string>",
            interface: nil,
            hash: "edbd5493266ed5b07462e8b244f2f7f43515b514980faf9d597243f972a36ea8"),
        ReferenceFunction(
            signature: "() -> result<list<container-info>, string>",
            interface: "podman",
            hash: "e4b469192c95121db5463aec5436fde471c472eb8fdefd631a37d760d163d2dd"),
        ReferenceFunction(
            signature: "() -> result<list<string>, string>",
            interface: nil,
            hash: "2a8f46b43f0812ccfa908b94c1ee6de5a73f95cb618ab29797a6a19d404dc1d5"),
        ReferenceFunction(
            signature: "() -> result<string, string>",
            interface: nil,
            hash: "1f60ebd6fc3a7b493df5ff4303c0117443ca701f65c90e2b9fcdce8fc3e635b4"),
        ReferenceFunction(
            signature: "() -> result<tuple<u16, u16>, string>",
            interface: nil,
            hash: "b500d1c259074290ebbb6df23842912b89eee74370cb00f06f8f9612f5a97164"),
        ReferenceFunction(
            signature: "() -> string",
            interface: nil,
            hash: "ccf3ae938ce76b4989c8ed1695b0968047541151f725d324d37abba9f999a067"),
        ReferenceFunction(
            signature: "() -> u64",
            interface: nil,
            hash: "c621383a89579e51829e1a8df86db94310fce1a87592dd11425e49a1e5df822a"),
        ReferenceFunction(
            signature: "(bool) -> result<bool, string>",
            interface: nil,
            hash: "90492461bc5308e5f636b9e42b2f573d5b1928c366cbf0b143d776b30117916c"),
        ReferenceFunction(
            signature: "(container-spec) -> result<string, string>",
            interface: "podman",
            hash: "ee9493257567bfe03f2fb5cfcb4c9bff4e3d93db396bfe90aeccea02cca97bdc"),
        ReferenceFunction(
            signature: "(list<u8>) -> result<bool, string>",
            interface: nil,
            hash: "6bfaf92ff6bde59400dab2eb7939230737c9796c2de1cd29970efe17ba8a1be5"),
        ReferenceFunction(
            signature: "(list<u8>) -> result<list<u8>, string>",
            interface: nil,
            hash: "80ae6731dbe4e1257063711f321cb47bb3994effcdcc98564cda459b962627bb"),
        ReferenceFunction(
            signature: "(list<u8>) -> result<u64, string>",
            interface: nil,
            hash: "175ff35b22fdc8566ae967af852262b5552a22b8c68bdaf3468dac433bd17b79"),
        ReferenceFunction(
            signature: "(option<list<u8>>) -> result<bool, string>",
            interface: nil,
            hash: "10b87e770006aa974186d31aa3d9e1ed825c235da77345ec286117945f8c8d9c"),
        ReferenceFunction(
            signature: "(option<list<u8>>, tuple<list<u8>>) -> "
                + "result<tuple<option<list<u8>>>, string>",
            interface: nil,
            hash: "045950bc86ff4f1b2bd5584f0429e8b9cd5092bec5720efa479da8a6a9e01202"),
        ReferenceFunction(
            signature: "(option<list<u8>>, tuple<string, list<u8>>) -> "
                + "result<tuple<option<list<u8>>, tuple<channel-accept>>, string>",
            interface: "message-server-client",
            hash: "f59f754469ceeeecd53d6529d901f84362a8e92bfda4e978d8928b43947aaf1d"),
        ReferenceFunction(
            signature: "(option<list<u8>>, tuple<string, list<u8>>) -> "
                + "result<tuple<option<list<u8>>, tuple<option<list<u8>>>>, string>",
            interface: nil,
            hash: "c10e574a82e952877ea277642e793bd4fc16cfe875402e7b95bc15bbd2f3107a"),
        ReferenceFunction(
            signature: "(option<list<u8>>, tuple<string, list<u8>>) -> "
                + "result<tuple<option<list<u8>>>, string>",
            interface: nil,
            hash: "d610a7bd48a6e7e2b3a6dc8d8f046ab3ad4fb17c07dc199bf09afd2a615a5c7d"),
        ReferenceFunction(
            signature: "(option<list<u8>>, tuple<string>) -> result<tuple<option<list<u8>>>, "
                + "string>",
            interface: nil,
            hash: "583022d659db9672ea46a2762562f9da13ef913c20dec7c302b2251f1bf12bd8"),
        ReferenceFunction(
            signature: "(string)",
            interface: nil,
            hash: "11d6e97bfac84633759c6cb171d6370255a4ce78d5438ca0e2eacf4e9a5b15d4"),
        ReferenceFunction(
            signature: "(string) -> result<bool, string>",
            interface: nil,
            hash: "9fc837047104a3d4c99fe7b374144d85c714e69e168519538a66a78dbaf38d08"),
        ReferenceFunction(
            signature: "(string) -> result<list<list<u8>>, string>",
            interface: nil,
            hash: "5d2ef01c5e1e2ed9d3303aeb9de1dc093c264d8e9b8d5a51db5e8d58e3ac5f3a"),
        ReferenceFunction(
            signature: "(string) -> result<list<string>, string>",
            interface: nil,
            hash: "b5c62d10fd8c08a5aa3b151a41b1e0d0d3d54dc8a897539a3de53f2b13ea9742"),
        ReferenceFunction(
            signature: "(string) -> result<list<u8>, string>",
            interface: nil,
            hash: "38a3b4e1f8f16e3aeed910d29d6829ccb78f10c0bc5aad1c798a931fff6b4b53"),
        ReferenceFunction(
            signature: "(string) -> result<option<list<u8>>, string>",
            interface: nil,
            hash: "5dce4e59da282a73baee876bb7736306485444b6f20d6e55bf939245dd092cb0"),
        ReferenceFunction(
            signature: "(string) -> result<string, string>",
            interface: nil,
            hash: "056cf90580f42b99277d8bcc37caba244f260111d97bbdc1afbfc16a10eeae60"),
        ReferenceFunction(
            signature: "(string) -> result<u64, string>",
            interface: nil,
            hash: "c93c12d66fc2056ba04c60a2018b2d2e9fbfa20370e75e86ad5e6736645c3c0e"),
        ReferenceFunction(
            signature: "(string) -> value",
            interface: nil,
            hash: "99cbb9d811c79c9274552eb4b1c4c30e18d561dba61da8295ce1d2fbd1589bcf"),
        ReferenceFunction(
            signature: "(string, bool) -> result<bool, string>",
            interface: nil,
            hash: "2b17dbd1f009e8248514013ef68093010ce0447aad73c121697a8cd8a3eba9a0"),
        ReferenceFunction(
            signature: "(string, list<u8>) -> result<bool, string>",
            interface: nil,
            hash: "ff8fdf170b0260825b49f9c5686d8a432247952dd8118ff88e05c84a1b1ff636"),
        ReferenceFunction(
            signature: "(string, list<u8>) -> result<list<u8>, string>",
            interface: nil,
            hash: "fa6f04313a76176de5e8d708ccfae8d99beef4bcbd5df8854d3b57a7e5584dde"),
        ReferenceFunction(
            signature: "(string, list<u8>) -> result<string, string>",
            interface: nil,
            hash: "718f77af58bbecb6f9e1739f982dade2e09a48071865f7d49a7d94d0f8569064"),
        ReferenceFunction(
            signature: "(string, list<u8>) -> result<u64, string>",
            interface: nil,
            hash: "8d05c070963e03644c7929df98c5d52482bf1da67d4f102b00a12587fd46c82c"),
        ReferenceFunction(
            signature: "(string, option<list<u8>>) -> result<bool, string>",
            interface: nil,
            hash: "36df767c694b987a50e661e8cd3adaff216b059487030d4e728c92cde4c80946"),
        ReferenceFunction(
            signature: "(string, option<list<u8>>, option<list<u8>>) -> result<string, string>",
            interface: nil,
            hash: "3031183d29fa42c8fab3140551938556f5b66ce5cdeff36256fd059a889d1f32"),
        ReferenceFunction(
            signature: "(string, option<value>, option<list<u8>>) -> result<string, string>",
            interface: nil,
            hash: "a3a043a8c7347f927d2bf6572d0989aec94803227736b1ea701cf103ce998d50"),
        ReferenceFunction(
            signature: "(string, option<value>, option<list<u8>>, option<u64>) -> "
                + "result<option<list<u8>>, string>",
            interface: nil,
            hash: "c8ca0bc2977f4c973f198ebdcfb34dc5dcf44b573a1987407a4feb556754a22c"),
        ReferenceFunction(
            signature: "(string, string) -> result<bool, string>",
            interface: nil,
            hash: "c398c881df8cafad3cb0379fcb49377aea22a6b8b702b02d3124c4466617b8c5"),
        ReferenceFunction(
            signature: "(string, string) -> result<list<u8>, string>",
            interface: nil,
            hash: "0fa006bcdec97a493d49cb4fb17215c6a9ba03f56df0d3f5a3010e14b6cde8eb"),
        ReferenceFunction(
            signature: "(string, string) -> result<option<string>, string>",
            interface: nil,
            hash: "2a10598d2efb3a195c04da772f5a220fb6df0b335aaaafc7538a567719387274"),
        ReferenceFunction(
            signature: "(string, string) -> value",
            interface: nil,
            hash: "b9f24e7abf9dac07749fe59c55672570e14b7aaa31ae619c03beec29ac1a2df2"),
        ReferenceFunction(
            signature: "(string, string, list<u8>) -> result<bool, string>",
            interface: nil,
            hash: "42a6be1dcf07f9b788d08bff84b3d65326311f9c68110c0cfead6e30babbee35"),
        ReferenceFunction(
            signature: "(string, string, list<u8>) -> result<string, string>",
            interface: nil,
            hash: "0500742c7c0f3afed696c9043a1ef2d6df7672088cbeb0c3888028ef02e420c2"),
        ReferenceFunction(
            signature: "(string, string, string) -> result<bool, string>",
            interface: nil,
            hash: "2138041f23f999c2316f59c4f9f1fd244390ed0f8ed27f567adf097707fd3bb5"),
        ReferenceFunction(
            signature: "(string, string, value, value) -> value",
            interface: nil,
            hash: "12c0812c2bf2e9251c42d04ce5a9769d3a880c4e2801961fa446d55503d0bda6"),
        ReferenceFunction(
            signature: "(string, u32) -> result<list<u8>, string>",
            interface: nil,
            hash: "698ef8dd1670230b2fb95287cd295ecbd035bd65072006359c8c0cf8d12f16f0"),
        ReferenceFunction(
            signature: "(string, u64) -> result<string, string>",
            interface: nil,
            hash: "73c16f72e7f1efc6efd57c6737493205f92ee17c6287791592fd5e12ed526fa3"),
        ReferenceFunction(
            signature: "(string, wit-actor-error) -> result<bool, string>",
            interface: "supervisor-handlers",
            hash: "1d6d6ec782fcc0ad936c9281fdd7c416b9f7a5c7d282c9800c8a3ddc0b665779"),
    ]
}
