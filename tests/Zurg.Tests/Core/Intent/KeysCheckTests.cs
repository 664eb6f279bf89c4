using System.Collections.Immutable;
using System.Globalization;
using Zurg.Core;
using Zurg.Tests.Core.Releases;

namespace Zurg.Tests.Core.Intent;

public sealed class KeysCheckTests : IDisposable
{
    private readonly SigningKeys _key = new();

    public void Dispose() => _key.Dispose();

    [Fact]
    public void Keys_are_kept_as_one_line_and_none_is_no_demand()
    {
        Assert.Equal(_key.Public, Defaults.Fill(new ClusterDraft { Keys = Drafts.Map(("ci", _key.Pem)) }).Keys!["ci"]);
        Assert.Null(Defaults.Fill(new ClusterDraft()).Keys);
        Assert.Null(Defaults.Fill(new ClusterDraft { Keys = Drafts.Map() }).Keys);
    }

    [Fact]
    public void What_is_no_key_is_refused_with_its_name()
    {
        var problems = Drafts.ProblemsOf(new ClusterDraft
        {
            Keys = Drafts.Map(
                ("ci", _key.Public), ("Ops", "AAAA"), ("again", _key.Pem), ("secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n")),
        }).ToList();

        Assert.Equal(
            [
                "keys.Ops | 'Ops' is no name of a key: "
                    + "it must be 1 to 63 of a-z, 0-9 and '-', with a letter or digit first and last | ",
                "keys.Ops | it is no public key of ECDSA P-256 | zurg release keygen FILE makes a pair and prints the public key",
                "keys.ci | 'again' is the same key | leave one of them out",
                "keys.secret | it is no public key of ECDSA P-256 | "
                    + "this is a private key: replace it everywhere, and write the public one here",
            ],
            problems);
    }

    [Fact]
    public void So_many_keys_are_a_mistake()
    {
        var many = Enumerable.Range(0, ReleaseSigning.KeysMax + 1)
            .ToImmutableSortedDictionary(i => i.ToString(CultureInfo.InvariantCulture), _ => _key.Public, StringComparer.Ordinal);
        Assert.Contains("keys | there are 33 keys | at most 32", Drafts.ProblemsOf(new ClusterDraft { Keys = many }));
    }
}
