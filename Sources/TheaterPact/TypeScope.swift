// SPDX-License-Identifier: Apache-2.0

/// What the names of an interface mean.
struct TypeScope: Sendable {
    let definitions: [String: PactTypeDefinition]
    let parameters: Set<String>

    init(types: [PactTypeDefinition], parameters: [PactTypeParameter] = []) {
        definitions = Dictionary(types.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
        self.parameters = Set(parameters.map(\.name))
    }

    init(_ interface: PactInterface) {
        self.init(types: interface.types, parameters: interface.typeParameters)
    }
}
