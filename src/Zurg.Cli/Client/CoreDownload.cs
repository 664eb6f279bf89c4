using System.Security.Cryptography;
using Zurg.Cli.Rendering;
using Zurg.Protocol;

namespace Zurg.Cli.Client;

/// <param name="Core">The dump's file.</param>
/// <param name="Program">What made it: in the release that was brought along, or where the host has it.</param>
internal sealed record BroughtCore(string Core, string Program);

/// <summary>Brings a core dump and the exact release that made it into one directory.</summary>
internal sealed class CoreDownload(MasterClient master, CoreDump core, string directory, Screen screen)
{
    private const int Piece = 128 * 1024;
    private const int AttemptsMax = 5;

    /// <exception cref="VerbFailedException">Something cannot be had, or is not what it should be.</exception>
    public async Task<BroughtCore> RunAsync(CancellationToken stop)
    {
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, core.File);
        await BringCoreAsync(file, stop);
        var program = Path.IsPathRooted(core.Executable)
            ? core.Executable
            : Path.Combine(await BringReleaseAsync(stop), core.Executable);
        return new BroughtCore(file, program);
    }

    private async Task BringCoreAsync(string file, CancellationToken stop)
    {
        await using var to = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        for (var attempt = 1; to.Position < core.Size; attempt++)
        {
            screen.Progress($"core {core.Id}: {SoFar(to)}");
            try
            {
                await master.DownloadCoreAsync(core, to.Position, from => CopyAsync(from, to, stop), stop);
            }
            catch (Exception e) when (e is IOException or HttpRequestException && attempt < AttemptsMax)
            {
                // The next attempt goes on from here.
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw new VerbFailedException(
                    $"the core dump {core.Id} broke off at {SoFar(to)}: {e.Message}",
                    $"is {core.Host} connected? see: zurg hosts");
            }

            if (attempt > AttemptsMax)
            {
                throw new VerbFailedException($"{core.Host} sends less of the core dump {core.Id} than it says there is");
            }
        }

        to.SetLength(to.Position);
    }

    /// <summary>Zeros are left out: as a dump was mostly holes there, it is here.</summary>
    private async Task CopyAsync(Stream from, FileStream to, CancellationToken stop)
    {
        var piece = new byte[Piece];
        while (await from.ReadAtLeastAsync(piece, Piece, throwOnEndOfStream: false, stop) is var read and > 0)
        {
            if (piece.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                await to.WriteAsync(piece.AsMemory(0, read), stop);
            }
            else
            {
                to.Position += read;
            }

            screen.Progress($"core {core.Id}: {SoFar(to)}");
        }
    }

    private string SoFar(FileStream to) => $"{Measures.Size(to.Position)} of {Measures.Size(core.Size)}";

    private async Task<string> BringReleaseAsync(CancellationToken stop)
    {
        var record = await master.ReleaseAsync(core.Release, stop);
        if (record.Manifest != core.Manifest)
        {
            throw new VerbFailedException(
                $"the master's {core.Release} is not the one that made the core dump: its digest is {record.Manifest.Short}, "
                    + $"not {core.Manifest.Short}",
                $"the host has the right one for as long as it keeps the dump: look there for releases/{core.Release.Name}");
        }

        var manifest = await master.ManifestAsync(core.Release, stop);
        var root = Path.Combine(directory, "release");

        // Links last: until they are there no path leads through one.
        foreach (var (number, file) in manifest.Files.OrderBy(f => f.Link is null ? 0 : 1).Index())
        {
            screen.Progress($"release {core.Release}: {number} of {manifest.Files.Length} files");
            var path = Path.GetFullPath(Path.Combine(root, file.Path));
            await BringAsync(
                file,
                path.StartsWith(root + "/", StringComparison.Ordinal)
                    ? path
                    : throw new VerbFailedException($"the manifest of {core.Release} leads out of its directory: {file.Path}"),
                stop);
        }

        return root;
    }

    private async Task BringAsync(ReleaseFile file, string path, CancellationToken stop)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (file.Link is { } target)
        {
            File.CreateSymbolicLink(path, target);
            return;
        }

        await using (var to = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite))
        {
            await master.DownloadArtifactAsync(file.Digest!.Value, from => from.CopyToAsync(to, stop), stop);
            to.Position = 0;
            if (new Digest(Convert.ToHexStringLower(await SHA256.HashDataAsync(to, stop))) != file.Digest)
            {
                throw new VerbFailedException($"the master's bytes of {file.Path} are not those of {core.Release}");
            }
        }

        File.SetUnixFileMode(path, (UnixFileMode)file.Mode | UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
