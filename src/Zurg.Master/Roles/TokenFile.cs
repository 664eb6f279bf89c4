using System.Security.Cryptography;
using Zurg.Loops;
using Zurg.Master.Releases;

namespace Zurg.Master.Roles;

/// <summary>The token that every caller shows: the text of a file that only its owner can read.</summary>
internal static class TokenFile
{
    private const int TokenHexDigits = 64;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The token; made at the first start.</summary>
    /// <exception cref="StoreFaultException">The file is empty, or others than its owner can read it.</exception>
    public static string ReadOrMake(string path)
    {
        if (!File.Exists(path))
        {
            Make(path);
        }

        if ((File.GetUnixFileMode(path) & ~OwnerOnly) != UnixFileMode.None)
        {
            throw new StoreFaultException(
                $"{path} can be read by others than its owner: chmod 600 it, or remove it to get a new token");
        }

        var token = File.ReadAllText(path).Trim();
        return token.Length > 0 ? token : throw new StoreFaultException($"{path} is empty: remove it to get a new token");
    }

    private static void Make(string path)
    {
        // Under its name only once it is whole: a start that dies here leaves no half of a token.
        var part = path + ".new";
        File.Delete(part);
        using (var file = new FileStream(part, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly,
        }))
        {
            var token = RandomNumberGenerator.GetHexString(TokenHexDigits, lowercase: true);
            file.Write(System.Text.Encoding.ASCII.GetBytes(token + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(part, path);
        DirectorySync.Flush(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
